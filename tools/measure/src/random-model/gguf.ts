import { writeFileAtomic } from '@namm/core';
import type { Weight } from './model-weights.js';

/** Start of each tensor in the file, which is also what readers assume where metadata says nothing. */
const alignment = 32;

/** Numbers of the value types in the file. */
const types = { uint32: 4, float32: 6, string: 8, array: 9 } as const;

/** A value of the metadata. */
export type GgufValue =
  | { readonly uint32: number }
  | { readonly float32: number }
  | { readonly string: string }
  | { readonly strings: readonly string[] };

/**
 * Writes float32 tensors as a GGUF file of version 3, atomically.
 *
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export async function writeGguf(
  path: string,
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: ReadonlyMap<string, Weight>,
): Promise<void> {
  const entries = Object.entries(metadata);
  const header = [
    Buffer.from('GGUF'),
    uint32(3),
    uint64(tensors.size),
    uint64(entries.length),
    ...entries.flatMap(([key, value]) => [text(key), ...encode(value)]),
  ];
  const data: Uint8Array[] = [];
  let end = 0;
  for (const [name, { shape, data: numbers }] of tensors) {
    // Sizes from the fastest to the slowest, type 0 for float32, and where the numbers begin.
    const sizes = [...shape].reverse().map(uint64);
    header.push(text(name), uint32(shape.length), ...sizes, uint32(0), uint64(end));
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    data.push(bytes, padding(bytes.length));
    end += aligned(bytes.length);
  }
  const first = Buffer.concat(header);
  await writeFileAtomic(path, [first, padding(first.length), ...data]);
}

function encode(value: GgufValue): Uint8Array[] {
  if ('uint32' in value) return [uint32(types.uint32), uint32(value.uint32)];
  if ('string' in value) return [uint32(types.string), text(value.string)];
  if ('strings' in value) {
    const head = [types.array, types.string].map(uint32);
    return [...head, uint64(value.strings.length), ...value.strings.map(text)];
  }
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value.float32);
  return [uint32(types.float32), bytes];
}

function text(value: string): Uint8Array {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint64(bytes.length), bytes]);
}

function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function aligned(length: number): number {
  return Math.ceil(length / alignment) * alignment;
}

function padding(length: number): Uint8Array {
  return new Uint8Array(aligned(length) - length);
}
