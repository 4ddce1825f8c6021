import { mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  FileFormatError,
  float32ToBfloat16,
  float32ToFloat16,
  InvalidArgumentError,
} from '@namm/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSafetensors } from './open-safetensors.js';
import type { TensorArray, TensorData } from './safetensors-pieces.js';
import { writeSafetensors } from './write-safetensors.js';

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-write-'));
  path = join(folder, 'file.safetensors');
});
afterAll(() => rm(folder, { recursive: true }));

const shapes = fc.array(fc.nat(4), { maxLength: 4 });
const arrayTypes = [
  Uint8Array,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  BigUint64Array,
  BigInt64Array,
  Float32Array,
  Float64Array,
] as const;

/** A tensor of any type and shape with random bytes. */
const tensor = fc.tuple(shapes, fc.constantFrom(...arrayTypes)).chain(([shape, ArrayType]) => {
  const length = shape.reduce((product, size) => product * size, 1);
  const byteLength = length * ArrayType.BYTES_PER_ELEMENT;
  return fc
    .uint8Array({ minLength: byteLength, maxLength: byteLength })
    .map(
      (bytes): TensorData => ({ shape, data: new ArrayType(bytes.slice().buffer) as TensorArray }),
    );
});
const names = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('__proto__', 'toString', ''),
);
const files = fc
  .uniqueArray(fc.tuple(names, tensor), { selector: ([name]) => name, maxLength: 6 })
  .map((entries) => entries.filter(([name]) => name !== '__metadata__'));

const bytesOf = ({ data }: TensorData) =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

describe('writeSafetensors', () => {
  it('is read back: names, shapes, bytes and metadata', async () => {
    const metadata = fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true });
    await fc.assert(
      fc.asyncProperty(files, metadata, async (tensors, strings) => {
        await writeSafetensors(path, tensors, strings);
        const file = await openSafetensors(path);
        expect(file.dataOffset % 8).toBe(0);
        expect(Object.fromEntries(file.metadata)).toEqual(strings);
        expect([...file.tensors.keys()].sort()).toEqual(tensors.map(([name]) => name).sort());
        for (const [name, data] of tensors) {
          const entry = file.entry(name);
          expect(entry.shape).toEqual(data.shape);
          expect(entry.offset % data.data.BYTES_PER_ELEMENT).toBe(0);
          expect(await file.readBytes(name)).toEqual(bytesOf(data));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('gives the same bytes whatever the order of the tensors', async () => {
    const a: [string, TensorData] = ['a', { shape: [1], data: Uint8Array.of(1) }];
    const b: [string, TensorData] = ['b', { shape: [1], data: Float32Array.of(2) }];
    await writeSafetensors(path, [a, b]);
    const first = await readFile(path);
    await writeSafetensors(path, [b, a]);
    expect(await readFile(path)).toEqual(first);
  });

  it('refuses data that does not fill its shape, two equal names, the reserved name', async () => {
    const one: TensorData = { shape: [1], data: Float32Array.of(1) };
    const refused = (tensors: [string, TensorData][]) =>
      expect(writeSafetensors(path, tensors)).rejects.toThrow(InvalidArgumentError);
    await refused([['a', { shape: [2], data: Float32Array.of(1) }]]);
    await refused([['a', { shape: [-1], data: new Float32Array(0) }]]);
    await refused([
      ['a', one],
      ['a', one],
    ]);
    await refused([['__metadata__', one]]);
    await expect(writeSafetensors(path, [], { a: 1 as unknown as string })).rejects.toThrow(/"a"/);
  });
});

describe('SafetensorsFile', () => {
  const numbers = Float32Array.of(0, -1.5, 1024, 2 ** -10);

  it.each<[string, TensorData]>([
    ['F32', { shape: [4], data: numbers }],
    ['F64', { shape: [4], data: Float64Array.from(numbers) }],
    ['F16', { shape: [4], data: float32ToFloat16(numbers), dtype: 'F16' }],
    ['BF16', { shape: [4], data: float32ToBfloat16(numbers), dtype: 'BF16' }],
  ])('reads %s in both precisions', async (dtype, data) => {
    await writeSafetensors(path, Object.entries({ weight: data }));
    const file = await openSafetensors(path);
    expect(file.entry('weight').dtype).toBe(dtype);
    expect(await file.readFloat32('weight')).toEqual(numbers);
    expect(await file.readFloat64('weight')).toEqual(Float64Array.from(numbers));
    expect(await file.readNumbers('weight')).toEqual(Float64Array.from(numbers));
  });

  it('reads integers as numbers, but not as weights', async () => {
    const tensors: Record<string, TensorData> = {
      positions: { shape: [2], data: BigInt64Array.of(-3n, 2n ** 40n) },
      mask: { shape: [2], data: Uint8Array.of(1, 0), dtype: 'BOOL' },
      huge: { shape: [1], data: BigUint64Array.of(2n ** 60n) },
      small: { shape: [2], data: Uint8Array.of(1, 0), dtype: 'F8_E4M3' },
    };
    await writeSafetensors(path, Object.entries(tensors));
    const file = await openSafetensors(path);
    expect([...(await file.readNumbers('positions'))]).toEqual([-3, 2 ** 40]);
    expect([...(await file.readNumbers('mask'))]).toEqual([1, 0]);
    await expect(file.readNumbers('huge')).rejects.toThrow(/readBytes/);
    await expect(file.readFloat32('mask')).rejects.toThrow(/"mask" has dtype BOOL/);
    await expect(file.readNumbers('small')).rejects.toThrow(/F8_E4M3/);
    await expect(file.readFloat32('absent')).rejects.toThrow(/"absent" is not among the 4/);
  });

  it('converts tensors of more than one piece', async () => {
    const data = Uint16Array.from({ length: 5_000_001 }, (_, i) => i % 0x7c00);
    await writeSafetensors(
      path,
      Object.entries({ long: { shape: [data.length], data, dtype: 'F16' } }),
    );
    const read = await (await openSafetensors(path)).readFloat32('long');
    const narrowed = float32ToFloat16(read);
    expect(Buffer.compare(Buffer.from(narrowed.buffer), Buffer.from(data.buffer))).toBe(0);
  });

  it('notices a file that was cut after it was opened', async () => {
    await writeSafetensors(path, Object.entries({ a: { shape: [4], data: numbers } }));
    const file = await openSafetensors(path);
    await truncate(path, file.size - 1);
    await expect(file.readFloat32('a')).rejects.toThrow(FileFormatError);
  });
});
