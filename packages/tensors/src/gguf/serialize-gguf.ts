import { InvalidArgumentError } from '@namm/core/portable';
import { ggufTypeNamed } from './gguf-types.js';

/** A value of the metadata with the type it is stored as. */
export type GgufTypedValue =
  | { readonly type: 'uint32' | 'int32' | 'float32' | 'uint64'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'list'; readonly value: readonly GgufTypedValue[] };

/** A tensor as it is to be stored. */
export interface GgufTensorData {
  /** Such as `F32` or `Q4_K`. */
  readonly type: string;
  /** Row-major dimensions. */
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

const typeNumbers = { uint32: 4, int32: 5, float32: 6, bool: 7, text: 8, list: 9, uint64: 10 };
const alignment = 32;

/**
 * The bytes of a GGUF file, version 3, made in memory.
 *
 * @param metadata keys and typed values; a list holds values of one type
 * @param tensors pairs of name and tensor, in the order of their data
 * @throws {InvalidArgumentError} for a tensor whose bytes do not fill its shape, or a list of several types
 *
 * @example
 * ```ts
 * const norm = { type: 'F32', shape: [2], bytes: new Uint8Array(Float32Array.of(1, 2).buffer) };
 * const name = { type: 'text', value: 'llama' } as const;
 * const bytes = serializeGguf({ 'general.architecture': name }, Object.entries({ norm }));
 * ```
 */
export function serializeGguf(
  metadata: Readonly<Record<string, GgufTypedValue>>,
  tensors: Iterable<readonly [string, GgufTensorData]>,
): Uint8Array {
  const all = Array.from(tensors);
  const keys = Object.entries(metadata);
  const out = new Writer();
  out.u32(0x46554747); // GGUF
  out.u32(3);
  out.u64(all.length);
  out.u64(keys.length);
  for (const [key, value] of keys) {
    out.text(key);
    out.u32(typeNumbers[value.type]);
    out.value(value);
  }
  let offset = 0;
  for (const [name, { type, shape, bytes }] of all) {
    const known = ggufTypeNamed(type);
    const count = shape.reduce((product, length) => product * length, 1);
    if (!known || (count / known.blockSize) * known.blockBytes !== bytes.length) {
      const problem = `${bytes.length} bytes do not fill ${type} of shape [${shape}]`;
      throw new InvalidArgumentError(`tensors.${name}`, problem);
    }
    out.text(name);
    out.u32(shape.length);
    for (const length of shape.toReversed()) out.u64(length);
    out.u32(known.id);
    out.u64(offset);
    offset += Math.ceil(bytes.length / alignment) * alignment;
  }
  for (const [, { bytes }] of all) {
    out.align();
    out.push(bytes);
  }
  out.align();
  return out.bytes();
}

class Writer {
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  push(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#length += bytes.length;
  }

  align(): void {
    this.push(new Uint8Array((alignment - (this.#length % alignment)) % alignment));
  }

  u32(value: number): void {
    this.#number(4, (view) => view.setUint32(0, value, true));
  }

  u64(value: number): void {
    this.#number(8, (view) => view.setBigUint64(0, BigInt(value), true));
  }

  text(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.u64(bytes.length);
    this.push(bytes);
  }

  value(typed: GgufTypedValue): void {
    switch (typed.type) {
      case 'uint32':
        this.u32(typed.value);
        break;
      case 'uint64':
        this.u64(typed.value);
        break;
      case 'int32':
        this.#number(4, (view) => view.setInt32(0, typed.value, true));
        break;
      case 'float32':
        this.#number(4, (view) => view.setFloat32(0, typed.value, true));
        break;
      case 'bool':
        this.push(Uint8Array.of(typed.value ? 1 : 0));
        break;
      case 'text':
        this.text(typed.value);
        break;
      case 'list': {
        const type = typed.value[0]?.type ?? 'uint32';
        if (typed.value.some((item) => item.type !== type)) {
          throw new InvalidArgumentError('metadata', 'a list holds values of several types');
        }
        this.u32(typeNumbers[type]);
        this.u64(typed.value.length);
        for (const item of typed.value) this.value(item);
      }
    }
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(this.#length);
    let end = 0;
    for (const piece of this.#pieces) {
      all.set(piece, end);
      end += piece.length;
    }
    return all;
  }

  #number(bytes: number, set: (view: DataView) => void): void {
    const piece = new Uint8Array(bytes);
    set(new DataView(piece.buffer));
    this.push(piece);
  }
}
