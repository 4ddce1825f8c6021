import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileFormatError } from '@namm/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { longestHeader } from './header-length.js';
import { openSafetensors } from './open-safetensors.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-open-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The bytes of a file with this header and so many bytes of data. */
function fileBytes(header: unknown, dataBytes: number, headerLength?: bigint): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header), 'latin1');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(headerLength ?? BigInt(text.byteLength));
  return Buffer.concat([length, text, Buffer.alloc(dataBytes)]);
}

let files = 0;
async function openBytes(bytes: Uint8Array) {
  const path = join(folder, `${files++}.safetensors`);
  await writeFile(path, bytes);
  return openSafetensors(path);
}

const f32 = (begin: number, end: number, shape: unknown = [(end - begin) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

describe('openSafetensors', () => {
  it.each<[string, unknown, number, RegExp]>([
    ['data cut off', { a: f32(0, 8) }, 7, /cut off/],
    ['trailing bytes', { a: f32(0, 8) }, 9, /too many/],
    ['header that is not JSON', '{hello', 0, /not valid JSON/],
    ['header that is an array', '[]', 0, /not a JSON object/],
    [
      'deeply nested header',
      `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
      0,
      /"a".*not an object/,
    ],
    ['header with bad UTF-8', '{"\xff":1}', 0, /UTF-8/],
    ['byte order mark', '\xef\xbb\xbf{}', 0, /not a JSON object/],
    ['two tensors of one name', '{"a":1,"a":2}', 0, /"a" twice/],
    ['metadata that is no map', { __metadata__: [] }, 0, /__metadata__/],
    ['metadata with a number', { __metadata__: { a: 1 } }, 0, /__metadata__/],
    ['entry that is not an object', { a: 7 }, 0, /"a".*not an object/],
    ['overlap', { a: f32(0, 8), b: f32(4, 12) }, 12, /"b" overlaps/],
    ['hole', { a: f32(0, 8), b: f32(12, 16) }, 16, /"b" leaves a hole/],
    ['hole at the front', { a: f32(4, 8) }, 8, /"a" leaves a hole/],
    ['offsets reversed', { a: f32(8, 0, [2]) }, 8, /"a"/],
    ['offset negative', { a: f32(-8, 0) }, 0, /"a".*data_offsets/],
    ['offset beyond the end', { a: f32(0, 800) }, 8, /cut off/],
    ['offset beyond 2^53', { a: f32(0, 2 ** 53) }, 8, /"a".*data_offsets/],
    ['offset with a fraction', { a: f32(0, 8.5, [2]) }, 8, /"a".*data_offsets/],
    ['offset missing', { a: { dtype: 'F32', shape: [2] } }, 8, /"a".*data_offsets/],
    ['one offset', { a: { dtype: 'F32', shape: [2], data_offsets: [0] } }, 8, /"a".*data_offsets/],
    ['size that disagrees', { a: f32(0, 8, [3]) }, 8, /"a".*needs 12 bytes/],
    ['shape negative', { a: f32(0, 8, [-1, -2]) }, 8, /"a".*shape/],
    ['shape with a fraction', { a: f32(0, 10, [2.5]) }, 10, /"a".*shape/],
    ['shape that overflows', { a: f32(0, 0, [2 ** 32, 2 ** 32]) }, 0, /"a".*needs/],
    ['shape that overflows to zero', { a: f32(0, 0, [2 ** 52, 2 ** 52, 0]) }, 8, /cut|many/],
    ['shape that is a string', { a: f32(0, 8, '2') }, 8, /"a".*shape/],
    ['dtype unknown', { a: { ...f32(0, 8), dtype: 'F33' } }, 8, /"a".*"F33"/],
    ['dtype from the prototype', { a: { ...f32(0, 8), dtype: 'toString' } }, 8, /"toString"/],
    ['dtype that is a number', { a: { ...f32(0, 8), dtype: 5 } }, 8, /"a".*dtype/],
    ['name of a million letters', { ['n'.repeat(1e6)]: 7 }, 0, /^.{0,400}$/],
  ])('refuses %s', async (_, header, dataBytes, message) => {
    const error: unknown = await openBytes(fileBytes(header, dataBytes)).catch((reason) => reason);
    expect(error).toBeInstanceOf(FileFormatError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toContain('.safetensors: ');
  });

  it.each<[string, bigint]>([
    ['zero', 0n],
    ['one', 1n],
    ['longer than the file', 1000n],
    ['2^32 too long', 2n ** 32n + 2n],
    ['2^64 - 1', 2n ** 64n - 1n],
  ])('refuses a header length of %s', async (_, length) => {
    await expect(openBytes(fileBytes('{}', 0, length))).rejects.toThrow(
      /header would be|is not a safetensors file/,
    );
  });

  it('refuses empty and very short files', async () => {
    await expect(openBytes(new Uint8Array(0))).rejects.toThrow(/0 bytes/);
    await expect(openBytes(new Uint8Array(7))).rejects.toThrow(/7 bytes/);
  });

  it('refuses a long header before allocating it, however large the file', async () => {
    const path = join(folder, 'sparse.safetensors');
    await writeFile(path, fileBytes('{}', 0, BigInt(longestHeader) + 1n));
    await truncate(path, 2 ** 40); // a hole of a terabyte
    const before = process.memoryUsage().arrayBuffers;
    await expect(openSafetensors(path)).rejects.toThrow(/at most/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
  });

  it('refuses what is not a file', async () => {
    const at = (name: string) => join(folder, name);
    await mkdir(at('folder'));
    await symlink('nowhere', at('dangling'));
    await symlink('loop', at('loop'));
    const server = createServer().listen(at('pipe')); // neither a file nor a folder
    await once(server, 'listening');
    await expect(openSafetensors(at('absent'))).rejects.toThrow(/absent: does not exist/);
    await expect(openSafetensors(at('dangling'))).rejects.toThrow(/does not exist/);
    await expect(openSafetensors(at('loop'))).rejects.toThrow(/leads back to itself/);
    await expect(openSafetensors(at('folder'))).rejects.toThrow(/is a folder/);
    await expect(openSafetensors(at('pipe'))).rejects.toThrow(/device or pipe/);
    server.close();
    await expect(openSafetensors(at('folder/x/y'))).rejects.toThrow(FileFormatError);
  });

  it('reads unaligned headers, any header order, metadata and padding', async () => {
    const header = {
      b: f32(8, 12, []),
      __metadata__: { format: 'pt' },
      a: f32(0, 8),
      none: f32(8, 8),
    };
    const file = await openBytes(fileBytes(`${JSON.stringify(header)}   `, 12));
    expect([...file.tensors.keys()]).toEqual(['a', 'none', 'b']);
    expect(file.metadata.get('format')).toBe('pt');
    expect(file.entry('b')).toMatchObject({
      shape: [],
      byteLength: 4,
      offset: file.dataOffset + 8,
    });
    expect(await file.readFloat32('b')).toEqual(new Float32Array(1));
    expect(await file.readFloat32('none')).toEqual(new Float32Array(0));
  });

  it('lets no name reach a prototype', async () => {
    const entry = JSON.stringify(f32(0, 4));
    const file = await openBytes(
      fileBytes(`{"__metadata__":{"__proto__":"x"},"__proto__":${entry}}`, 4),
    );
    expect(file.tensors.get('__proto__')).toMatchObject({ dtype: 'F32' });
    expect(file.metadata.get('__proto__')).toBe('x');
    expect(({} as Record<string, unknown>).dtype).toBeUndefined();
    expect(file.tensors.get('toString')).toBeUndefined();
  });
});
