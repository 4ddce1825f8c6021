import { dirname, relative } from 'node:path';
import type { GraphBuilder, Value } from '@namm/onnx';
import { blockLayout, dequantisable } from '@namm/tensors';
import { ModelFolderError } from '../errors.js';
import { type FloatFormat, floatFormat } from '../source/float-formats.js';
import type { ModelSource } from '../source/model-source.js';
import { readWeightBytes } from '../source/read-weight-bytes.js';
import { readWeightFloats } from '../source/read-weight-floats.js';
import { placeOf, type Weight } from '../source/weight.js';

/**
 * Hands out the weights of a model as initializers of a graph, which point to where the weights are: straight
 * into their files, or to memory, where those in blocks become float32 when the model is loaded. Each is checked
 * for existence, shape and format when it is asked for.
 */
export class Weights {
  /** Folder that the locations of files in the graph are relative to. */
  readonly folder: string;
  /** Weights that the runtime has to be given from memory, by their location in the graph. */
  readonly memory = new Map<string, () => Promise<Uint8Array>>();
  readonly #source: ModelSource;
  readonly #graph: GraphBuilder;
  readonly #values = new Map<string, Value>();
  /** ONNX Runtime 1.30 maps all weights from files, or takes all from memory. */
  readonly #areMapped: boolean;

  constructor(source: ModelSource, graph: GraphBuilder) {
    this.#source = source;
    this.#areMapped = Array.from(source.weights.values()).every(canBeMapped);
    this.#graph = graph;
    this.folder = commonFolder(source.weights.values());
  }

  /**
   * The float32 value of a weight.
   *
   * @param name as the source calls it
   * @param shape that the model's spec calls for
   * @throws {ModelFolderError} when it is missing, has another shape or cannot be computed with
   */
  get(name: string, shape: readonly number[]): Value {
    let value = this.#values.get(name);
    if (!value) {
      const { weight, format } = this.#find(name, shape);
      const data = this.#place(weight, format);
      const elementType = format?.elementType ?? 'float32';
      const stored = this.#graph.external(name, elementType, weight.shape, data);
      value =
        elementType === 'float32'
          ? stored
          : this.#graph.node('Cast', [stored], { attributes: { to: 1 /* float32 */ } });
      this.#values.set(name, value);
    }
    return value;
  }

  /** Names handed out so far. */
  get used(): ReadonlySet<string> {
    return new Set(this.#values.keys());
  }

  /** @param format as which it is stored, or null where it has to become float32 first */
  #place(weight: Weight, format: FloatFormat | null) {
    const { location } = weight;
    if (!format) {
      const length = weight.shape.reduce((product, n) => product * n, 4);
      const computed = async () => new Uint8Array((await readWeightFloats(weight)).buffer);
      return this.#inMemory(length, computed);
    }
    const { size } = format;
    if (location.kind === 'file' && this.#areMapped) {
      const { path, offset, length } = location;
      return { location: relative(this.folder, path), offset, length };
    }
    const length = location.kind === 'file' ? location.length : location.bytes.length;
    return this.#inMemory(length, async () => aligned(await readWeightBytes(weight), size));
  }

  #inMemory(length: number, read: () => Promise<Uint8Array>) {
    const name = `memory/${this.memory.size}`;
    this.memory.set(name, read);
    return { location: name, offset: 0, length };
  }

  #find(name: string, shape: readonly number[]): { weight: Weight; format: FloatFormat | null } {
    const { weights, name: source } = this.#source;
    const details = { tensor: name };
    const weight = weights.get(name);
    if (!weight) {
      const problem = `the weights lack ${name}, which the configuration calls for; use a complete folder.`;
      throw new ModelFolderError(source, problem, { details });
    }
    const fail = (problem: string): never => {
      const place = placeOf(weight, source);
      throw new ModelFolderError(place, `tensor ${name} ${problem}`, { details });
    };
    const same =
      weight.shape.length === shape.length && weight.shape.every((n, i) => n === shape[i]);
    if (!same) fail(`has shape [${weight.shape}] where the configuration calls for [${shape}].`);
    const format = floatFormat(weight.format);
    const { blockSize, blockBytes } = format
      ? { blockSize: 1, blockBytes: format.size }
      : (blockLayout(weight.format) ??
        fail(
          `is stored as ${weight.format}; only weights of F64, ${dequantisable.join(', ')} can be used.`,
        ));
    const rowLength = shape.at(-1) ?? 1;
    if (rowLength % blockSize !== 0) {
      fail(`has rows of ${rowLength} numbers, no multiple of ${weight.format}'s ${blockSize}.`);
    }
    const { location } = weight;
    const length = location.kind === 'file' ? location.length : location.bytes.length;
    const needed = shape.reduce((product, n) => product * n, blockBytes / blockSize);
    if (length !== needed) fail(`has ${length} bytes where its shape needs ${needed}.`);
    return { weight, format: weight.rowOrder ? null : format };
  }
}

/** Whether a weight needs no place in memory, also because no graph can use it. */
function canBeMapped({ format, location, rowOrder }: Weight): boolean {
  const float = floatFormat(format);
  if (!float) return blockLayout(format) === null;
  // ONNX Runtime maps files into memory and computes nonsense when numbers there are not aligned.
  return location.kind === 'file' && location.offset % float.size === 0 && !rowOrder;
}

function aligned(bytes: Uint8Array, size: number): Uint8Array {
  return bytes.byteOffset % size === 0 ? bytes : bytes.slice();
}

/** The deepest folder that holds all files: ONNX Runtime refuses locations outside of it. */
function commonFolder(weights: Iterable<Weight>): string {
  let folder: string | null = null;
  for (const { location } of weights) {
    if (location.kind === 'memory') continue;
    folder ??= dirname(location.path);
    while (relative(folder, location.path).startsWith('..')) folder = dirname(folder);
  }
  return folder ?? '.';
}
