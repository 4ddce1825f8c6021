import { FileFormatError } from '@namm/core/portable';
import { quoted } from '../safetensors/quoted.js';
import { type GgufLayout, ggufType } from './gguf-types.js';
import { HeaderCursor, HeaderEnds, HeaderProblem, longestHeader } from './header-cursor.js';

/** A value of the metadata; whole numbers beyond ±2^53 are bigints. */
export type GgufValue = number | bigint | boolean | string | readonly GgufValue[];

/** A tensor of a GGUF file, and where its bytes are. */
export interface GgufTensor {
  readonly name: string;
  /** Such as `F32` or `Q4_K`. */
  readonly type: string;
  readonly layout: GgufLayout;
  /** Row-major dimensions, as PyTorch has them: the file states them in reverse. */
  readonly shape: readonly number[];
  /** The file that holds it: one of several where a model was split. */
  readonly path: string;
  /** First byte, from the start of the file. */
  readonly offset: number;
  readonly byteLength: number;
}

/** What the header of one file says. */
export interface GgufHeader {
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** In the order of their data. */
  readonly tensors: readonly GgufTensor[];
  /** First byte of the data. */
  readonly dataOffset: number;
}

const again = 'fetch or write the file again';
const longestKey = 65_535;
const longestName = 255;
const mostDimensions = 4;
/** Some ten times what the largest real files hold: one byte of file may become a value of many bytes. */
const mostTensors = 100_000;
const mostKeys = 100_000;
const mostValues = 10_000_000;
/** Lists within lists: a few bytes of file make a list each. */
const deepest = 3;
const mostNested = 100_000;

/**
 * Checks and parses the beginning of a GGUF file. Counts are checked against the size of the file before
 * anything is made for them; tensors may neither overlap nor leave holes nor lie outside.
 *
 * @param bytes the beginning of the file
 * @param path for messages
 * @param size of the whole file
 * @param isUnwanted says by key which lists are not read
 * @returns null when the header goes on behind `bytes`
 * @throws {FileFormatError} naming the file, the key or tensor at fault, and what to do
 */
export function parseGgufHeader(
  bytes: Uint8Array,
  path: string,
  size: number,
  isUnwanted: (key: string) => boolean,
): GgufHeader | null {
  const parser = new Parser(new HeaderCursor(bytes, size), path, isUnwanted);
  try {
    return parser.parse();
  } catch (error) {
    if (error instanceof HeaderEnds) {
      if (bytes.length < longestHeader) return null;
      throw parser.error(`has a header of more than ${longestHeader} bytes`);
    }
    if (error instanceof HeaderProblem) throw parser.error(error.message);
    throw error;
  }
}

class Parser {
  /** What is being read, for messages. */
  #place: string | null = null;
  #details: Readonly<Record<string, string>> = {};
  #nested = 0;
  #values = 0;

  constructor(
    private readonly cursor: HeaderCursor,
    private readonly path: string,
    private readonly isUnwanted: (key: string) => boolean,
  ) {}

  error(problem: string, advice = again): FileFormatError {
    const place = this.#place === null ? '' : `${this.#place}: `;
    return new FileFormatError(this.path, `${place}${problem}; ${advice}`, {
      details: this.#details,
    });
  }

  parse(): GgufHeader {
    const { cursor } = this;
    const version = this.#version();
    const tensorCount = cursor.count(24, 'tensors', mostTensors);
    const keyCount = cursor.count(13, 'keys', mostKeys);
    const metadata = new Map<string, GgufValue>();
    for (let i = 0; i < keyCount; i++) this.#entry(metadata, i);
    this.#at('key "general.alignment"', { key: 'general.alignment' });
    const alignment = metadata.get('general.alignment') ?? 32;
    const isPower = typeof alignment === 'number' && (alignment & (alignment - 1)) === 0;
    if (!isPower || alignment < 1 || alignment > 2 ** 20) {
      throw this.error(`${String(alignment)} is not a power of two up to ${2 ** 20}`);
    }
    const tensors = new Map<string, Omit<GgufTensor, 'path'>>();
    for (let i = 0; i < tensorCount; i++) this.#tensor(tensors, i, alignment);
    this.#at(null);
    const align = (n: number) => Math.ceil(n / alignment) * alignment;
    const dataOffset = tensorCount === 0 ? cursor.at : align(cursor.at);
    return { version, metadata, tensors: this.#placed(tensors, dataOffset, align), dataOffset };
  }

  #at(place: string | null, details: Readonly<Record<string, string>> = {}): void {
    this.#place = place;
    this.#details = details;
  }

  #version(): number {
    const { cursor } = this;
    if (cursor.size < 24 || cursor.u32() !== 0x46554747 /* GGUF */) {
      throw this.error(
        'is not a GGUF file: it does not begin with GGUF',
        'is this the right file?',
      );
    }
    const version = cursor.u32();
    if (version === 2 || version === 3) return version;
    const advice = 'convert the model again with a current converter';
    if (version === 1) throw this.error('is of GGUF version 1, which is not read', advice);
    const swapped = [2, 3].includes(version / 2 ** 24);
    if (swapped) throw this.error('is big-endian, which is not read', 'use the little-endian file');
    throw this.error(`is of GGUF version ${version}; 2 and 3 are read`, advice);
  }

  #entry(metadata: Map<string, GgufValue>, index: number): void {
    this.#at(`key ${index + 1} of the metadata`);
    const key = this.cursor.text();
    if (key === '' || key.length > longestKey) throw this.error('has an impossible name');
    this.#at(`key ${quoted(key)}`, { key });
    if (metadata.has(key)) throw this.error('appears twice in the metadata');
    const type = this.cursor.u32();
    if (type === 9 && this.isUnwanted(key)) this.#skipList();
    else metadata.set(key, this.#value(type, 0));
  }

  #value(type: number, depth: number): GgufValue {
    const { cursor } = this;
    switch (type) {
      case 0:
        return cursor.u8();
      case 1:
        return cursor.i8();
      case 2:
        return cursor.u16();
      case 3:
        return cursor.i16();
      case 4:
        return cursor.u32();
      case 5:
        return cursor.i32();
      case 6:
        return cursor.f32();
      case 7:
        return cursor.bool();
      case 8:
        return cursor.text();
      case 9:
        return this.#list(depth);
      case 10:
        return cursor.u64();
      case 11:
        return cursor.i64();
      case 12:
        return cursor.f64();
      default:
        throw this.error(`has the type ${type}, which does not exist`);
    }
  }

  /** Goes past a list: its extent is checked, its texts are not. */
  #skipList(): void {
    const { cursor } = this;
    const start = cursor.at;
    const [type, count] = this.#listHead();
    if (type === 8) for (let i = 0; i < count; i++) cursor.skipText();
    else if (type < smallest.length && type !== 7 && type !== 9)
      cursor.skip(count * smallest[type]!);
    else {
      cursor.at = start;
      this.#values -= count;
      this.#list(0);
    }
  }

  #listHead(): readonly [type: number, count: number] {
    const type = this.cursor.u32();
    const count = this.cursor.count(smallest[type] ?? 1, 'values', mostValues - this.#values);
    this.#values += count;
    return [type, count];
  }

  #list(depth: number): GgufValue[] {
    if (depth >= deepest) throw this.error(`has lists nested more than ${deepest} deep`);
    if (depth > 0 && ++this.#nested > mostNested) {
      throw this.error(`has more than ${mostNested} lists within lists`);
    }
    const [type, count] = this.#listHead();
    const values: GgufValue[] = [];
    if (type === 8) for (let i = 0; i < count; i++) values.push(this.cursor.text());
    else for (let i = 0; i < count; i++) values.push(this.#value(type, depth + 1));
    return values;
  }

  #tensor(tensors: Map<string, Omit<GgufTensor, 'path'>>, index: number, alignment: number): void {
    const { cursor } = this;
    this.#at(`tensor ${index + 1}`);
    const name = cursor.text();
    if (name === '' || name.length > longestName) throw this.error('has an impossible name');
    this.#at(`tensor ${quoted(name)}`, { tensor: name });
    if (tensors.has(name)) throw this.error('appears twice in the file');
    const dimensions = cursor.u32();
    if (dimensions > mostDimensions) throw this.error(`has ${dimensions} dimensions`);
    const reversed: number[] = [];
    for (let i = 0; i < dimensions; i++) {
      const length = cursor.u64();
      if (typeof length !== 'number' || length < 1) throw this.error(`has a length of ${length}`);
      reversed.push(length);
    }
    const id = cursor.u32();
    const type = ggufType(id);
    if (!type) throw this.error(`has the type ${id}, which is not known`, 'use another file');
    const { blockSize, blockBytes } = type;
    const rowLength = reversed[0] ?? 1;
    if (rowLength % blockSize !== 0) {
      throw this.error(
        `has rows of ${rowLength} numbers, no multiple of ${type.name}'s ${blockSize}`,
      );
    }
    const count = reversed.reduce((product, length) => product * length, 1);
    const byteLength = (count / blockSize) * blockBytes;
    if (!(byteLength <= cursor.size)) {
      throw this.error(`needs ${byteLength} bytes in a file of ${cursor.size}`);
    }
    const offset = cursor.u64();
    if (typeof offset !== 'number' || offset > cursor.size) {
      throw this.error(`begins at ${offset}, beyond the ${cursor.size} bytes of a file cut off`);
    }
    if (offset % alignment !== 0) {
      throw this.error(`begins at ${offset}, no multiple of ${alignment}`);
    }
    const layout = { blockSize, blockBytes };
    const shape = reversed.reverse();
    tensors.set(name, { name, type: type.name, layout, shape, offset, byteLength });
  }

  /** Gives the tensors their places in the file, which they must fill one after the other. */
  #placed(
    tensors: ReadonlyMap<string, Omit<GgufTensor, 'path'>>,
    dataOffset: number,
    align: (n: number) => number,
  ): GgufTensor[] {
    const { path } = this;
    const { size } = this.cursor;
    const ordered = [...tensors.values()].sort((a, b) => a.offset - b.offset);
    let end = 0;
    return ordered.map((tensor) => {
      this.#at(`tensor ${quoted(tensor.name)}`, { tensor: tensor.name });
      if (tensor.offset !== align(end)) {
        const what = tensor.offset < end ? 'overlaps the tensor' : 'leaves a hole';
        throw this.error(
          `${what} before it (begins at ${tensor.offset} of the data, not ${align(end)})`,
        );
      }
      end = tensor.offset + tensor.byteLength;
      if (dataOffset + end > size) {
        const problem = `ends at byte ${dataOffset + end}, but the file has ${size}`;
        throw this.error(`${problem}: it was cut off`);
      }
      return { ...tensor, path, offset: dataOffset + tensor.offset };
    });
  }
}

/** Bytes that the shortest value of each type takes. */
const smallest = [1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8];
