import { FileFormatError, InvalidArgumentError } from '@namm/core';
import { withFile } from '../safetensors/open-file.js';
import { quoted } from '../safetensors/quoted.js';
import { readExactly } from '../safetensors/read-exactly.js';
import { blockLayout, dequantisable, dequantise } from './dequantise.js';
import type { GgufTensor, GgufValue } from './parse-gguf-header.js';

/** Bytes dequantised at a time: little beside the numbers that they become. */
const pieceBytes = 2 ** 22;

/** One of the files that a model stands in. */
export interface GgufPart {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** First byte of its data. */
  readonly dataOffset: number;
}

/**
 * A GGUF file, or all files of a model that was split; made by {@link openGguf}. It holds no open file: each
 * read opens and closes it.
 */
export class GgufFile {
  /** The first file. */
  readonly path: string;
  readonly parts: readonly GgufPart[];
  /** Of the first file. */
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** All tensors, in the order of their data. */
  readonly tensors: ReadonlyMap<string, GgufTensor>;

  constructor(
    parts: readonly GgufPart[],
    metadata: ReadonlyMap<string, GgufValue>,
    tensors: ReadonlyMap<string, GgufTensor>,
  ) {
    this.path = parts[0]!.path;
    this.parts = parts;
    this.metadata = metadata;
    this.tensors = tensors;
  }

  /**
   * A tensor that has to be there.
   *
   * @throws {FileFormatError} when it is not
   */
  tensor(name: string): GgufTensor {
    const tensor = this.tensors.get(name);
    if (tensor) return tensor;
    const problem = `tensor ${quoted(name)} is not among its ${this.tensors.size}`;
    throw new FileFormatError(this.path, problem, { details: { tensor: name } });
  }

  /**
   * The numbers of a tensor in float32, row-major; read and dequantised by pieces.
   *
   * @throws {FileFormatError} for a missing tensor, a type that cannot be dequantised, or a file that changed
   */
  async readFloat32(name: string): Promise<Float32Array> {
    const { type, shape, path, offset, byteLength } = this.tensor(name);
    const layout = blockLayout(type);
    if (!layout) {
      const problem = `tensor ${quoted(name)} is stored as ${type}; ${dequantisable.join(', ')} can be read`;
      throw new FileFormatError(path, problem, { details: { tensor: name } });
    }
    const { blockSize, blockBytes } = layout;
    const numbers = new Float32Array(shape.reduce((product, length) => product * length, 1));
    const piece = new Uint8Array(
      Math.min(byteLength, Math.floor(pieceBytes / blockBytes) * blockBytes),
    );
    await withFile(path, async (handle) => {
      for (let done = 0; done < byteLength; done += piece.length) {
        const bytes = piece.subarray(0, Math.min(piece.length, byteLength - done));
        await readExactly(handle, bytes, offset + done, path);
        const from = (done / blockBytes) * blockSize;
        const count = (bytes.length / blockBytes) * blockSize;
        dequantise(type, bytes, numbers.subarray(from, from + count));
      }
    });
    return numbers;
  }

  /**
   * A value of the metadata that has to be of one kind.
   *
   * @param key such as `general.architecture`
   * @returns undefined when there is none
   * @throws {FileFormatError} when it is of another kind
   */
  value(key: string, kind: 'text'): string | undefined;
  value(key: string, kind: 'number'): number | undefined;
  value(key: string, kind: 'boolean'): boolean | undefined;
  value(key: string, kind: 'texts'): readonly string[] | undefined;
  value(key: string, kind: 'numbers'): readonly number[] | undefined;
  value(key: string, kind: string): unknown {
    const value = this.metadata.get(key);
    if (value === undefined) return undefined;
    const type = ofKind[kind];
    if (!type)
      throw new InvalidArgumentError('kind', `'${kind}' is none of ${Object.keys(ofKind)}`);
    const [isOne, what] = type;
    if (isOne(value)) return value;
    throw new FileFormatError(this.path, `key ${quoted(key)} is not ${what}; convert it again`, {
      details: { key },
    });
  }
}

const listOf = (type: string) => (value: GgufValue) =>
  Array.isArray(value) && value.every((item) => typeof item === type);

const ofKind: Readonly<Record<string, readonly [(value: GgufValue) => boolean, string]>> = {
  text: [(value) => typeof value === 'string', 'a text'],
  number: [(value) => typeof value === 'number', 'a number'],
  boolean: [(value) => typeof value === 'boolean', 'true or false'],
  texts: [listOf('string'), 'a list of texts'],
  numbers: [listOf('number'), 'a list of numbers'],
};
