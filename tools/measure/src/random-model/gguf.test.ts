import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeGguf } from './gguf.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-gguf-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Reads what the format's description says, and nothing that the writer knows. */
function readGguf(file: Buffer) {
  let at = 0;
  const skip = (bytes: number) => {
    at += bytes;
    return at - bytes;
  };
  const u32 = () => file.readUInt32LE(skip(4));
  const u64 = () => Number(file.readBigUInt64LE(skip(8)));
  const characters = (count: number) => {
    const start = skip(count);
    return file.toString('utf8', start, start + count);
  };
  const text = () => characters(u64());
  const value = (type: number): unknown => {
    if (type === 4) return u32();
    if (type === 6) return file.readFloatLE(skip(4));
    if (type === 8) return text();
    if (type !== 9) throw new Error(`value type ${type}`);
    const element = u32();
    return Array.from({ length: u64() }, () => value(element));
  };
  const magic = characters(4);
  const version = u32();
  const [tensorCount, valueCount] = [u64(), u64()];
  const metadata = Object.fromEntries(
    Array.from({ length: valueCount }, () => [text(), value(u32())]),
  );
  const infos = Array.from({ length: tensorCount }, () => {
    const name = text();
    const sizes = Array.from({ length: u32() }, u64);
    return { name, sizes, type: u32(), offset: u64() };
  });
  const start = Math.ceil(at / 32) * 32;
  const tensors = infos.map(({ name, sizes, type, offset }) => {
    const count = sizes.reduce((product, size) => product * size, 1);
    const numbers = Array.from({ length: count }, (_, i) =>
      file.readFloatLE(start + offset + 4 * i),
    );
    return { name, sizes, type, aligned: offset % 32 === 0, numbers };
  });
  return { magic, version, metadata, tensors };
}

describe('writeGguf', () => {
  it('writes what a reader of the format finds', async () => {
    const path = join(folder, 'some.gguf');
    const metadata = {
      'general.architecture': { string: 'llama' },
      count: { uint32: 7 },
      base: { float32: 0.5 },
      words: { strings: ['', 'ä', '<0x0A>'] },
    };
    const tensors = new Map([
      ['a', { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
      ['b', { shape: [1], data: Float32Array.of(-7) }],
    ]);
    await writeGguf(path, metadata, tensors);
    expect(readGguf(await readFile(path))).toEqual({
      magic: 'GGUF',
      version: 3,
      metadata: {
        'general.architecture': 'llama',
        count: 7,
        base: 0.5,
        words: ['', 'ä', '<0x0A>'],
      },
      tensors: [
        { name: 'a', sizes: [3, 2], type: 0, aligned: true, numbers: [1, 2, 3, 4, 5, 6] },
        { name: 'b', sizes: [1], type: 0, aligned: true, numbers: [-7] },
      ],
    });
  });
});
