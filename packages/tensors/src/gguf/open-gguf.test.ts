import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileFormatError } from '@namm/core';
import { describe, expect, it } from 'vitest';
import { inFolder } from '../testing/in-folder.js';
import { blockLayout } from './dequantise.js';
import { openGguf } from './open-gguf.js';
import { type GgufTensorData, type GgufTypedValue, serializeGguf } from './serialize-gguf.js';

const f32 = (shape: number[], seed = 1): GgufTensorData => {
  const count = shape.reduce((product, n) => product * n, 1);
  const data = Float32Array.from({ length: count }, (_, i) => seed * (i + 0.5));
  return { type: 'F32', shape, bytes: new Uint8Array(data.buffer) };
};
const text = (value: string): GgufTypedValue => ({ type: 'text', value });
const int = (value: number): GgufTypedValue => ({ type: 'uint32', value });
const list = (...value: GgufTypedValue[]): GgufTypedValue => ({ type: 'list', value });
const metadata = { 'general.architecture': text('llama'), 'llama.block_count': int(2) };
const tensors = { a: f32([2, 3]), b: f32([5], -1) };
const intact = () => serializeGguf(metadata, Object.entries(tensors));

async function refusal(bytes: Uint8Array): Promise<string> {
  return inFolder(async (folder) => {
    const path = join(folder, 'm.gguf');
    await writeFile(path, bytes);
    const error: unknown = await openGguf(path).catch((reason) => reason);
    expect(error).toBeInstanceOf(FileFormatError);
    expect((error as Error).message.startsWith(`${path}: `)).toBe(true);
    return (error as Error).message.slice(path.length + 2);
  });
}

/** The intact file with bytes replaced, at a place or behind the first occurrence of a text. */
function changed(at: number | string, bytes: readonly number[], skip = 0): Uint8Array {
  const file = intact();
  const start = typeof at === 'number' ? at : Buffer.from(file).indexOf(at) + at.length;
  file.set(bytes, start + skip);
  return file;
}

const u64 = (value: bigint) => [...new Uint8Array(BigUint64Array.of(value).buffer)];
const u32 = (value: number) => [...new Uint8Array(Uint32Array.of(value).buffer)];

describe('lists that are not wanted', () => {
  const tokens = {
    texts: list(text('a'), text('b'.repeat(100)), text('é')),
    numbers: list(...[1, 2, 3].map(int)),
    nested: list(list(int(1)), list()),
    flags: list({ type: 'bool', value: true }),
    single: text('one'),
    none: list(),
  };
  const bytes = () => serializeGguf({ ...tokens, ...metadata }, Object.entries(tensors));
  const reading = (file: Uint8Array, isUnwanted?: (key: string) => boolean) =>
    inFolder(async (folder) => {
      const path = join(folder, 'm.gguf');
      await writeFile(path, file);
      return openGguf(path, isUnwanted);
    });

  it('are gone past: all else is as it was', async () => {
    const whole = await reading(bytes());
    const names = ['texts', 'numbers', 'nested', 'flags', 'none'];
    const { metadata: left, parts } = await reading(
      bytes(),
      (key) => names.includes(key) || key === 'single',
    );
    expect(parts.map(({ dataOffset }) => dataOffset)).toEqual(
      whole.parts.map(({ dataOffset }) => dataOffset),
    );
    const expected = [...whole.metadata].filter(([key]) => !names.includes(key));
    expect([...left]).toEqual(expected);
  });

  it('must end within the file', async () => {
    const file = bytes();
    const at = Buffer.from(file).indexOf('bbbb') - 8;
    new DataView(file.buffer, file.byteOffset).setBigUint64(at, 10_000n, true);
    await expect(reading(file, (key) => key === 'texts')).rejects.toThrow(
      /key "texts": says 10000 bytes of text/,
    );
  });
});

describe('openGguf', () => {
  it('reads what llama.cpp’s writer wrote', async () => {
    const path = new URL('__fixtures__/written.gguf', import.meta.url).pathname;
    const file = await openGguf(path);
    expect(Object.fromEntries(file.metadata)).toMatchObject({
      'general.architecture': 'llama',
      'llama.block_count': 2,
      'llama.attention.layer_norm_rms_epsilon': Math.fround(1e-5),
      'tokenizer.ggml.add_bos_token': false,
      'tokenizer.ggml.tokens': ['a', 'é', '▁the'],
      'tokenizer.ggml.scores': [0, -1.5, -2],
      'test.negative': -(2 ** 40),
      'test.huge': 2n ** 63n,
      'test.nested': [[1, 2], [3]],
    });
    const kinds = [...file.tensors.values()].map(({ name, type, shape }) => [name, type, shape]);
    expect(kinds).toEqual([
      ['output_norm.weight', 'F32', [5]],
      ['blk.0.ffn_up.weight', 'F16', [3, 4]],
      ['token_embd.weight', 'Q8_0', [2, 64]],
    ]);
    const norm = await file.readFloat32('output_norm.weight');
    expect(norm[0]).toBeCloseTo(2.0409, 4); // the first number of numpy's generator, seed 3
    const matrix = await file.readFloat32('token_embd.weight');
    expect(matrix).toHaveLength(128);
    expect(matrix.every((n) => Number.isFinite(n) && Math.abs(n) < 5)).toBe(true);
  });

  it('reads by pieces what is longer than one', async () => {
    const { blockBytes } = blockLayout('Q8_0')!;
    const blocks = 150_000; // 5.1 MB
    const bytes = new Uint8Array(blocks * blockBytes);
    for (let i = 0; i < blocks; i++) bytes.set([0, 0x3c, i % 100], i * blockBytes); // 1.0 times the first
    await inFolder(async (folder) => {
      const path = join(folder, 'm.gguf');
      const long = { type: 'Q8_0', shape: [blocks, 32], bytes };
      await writeFile(path, serializeGguf({}, Object.entries({ long })));
      const numbers = await (await openGguf(path)).readFloat32('long');
      expect(numbers.length).toBe(32 * blocks);
      expect(numbers.every((n, i) => n === (i % 32 === 0 ? (i / 32) % 100 : 0))).toBe(true);
    });
  });

  it('reads headers longer than its first piece', async () => {
    const odd = ['', 'é\u07ff', 'ࠀ', '\u{1f600}\ufeff', 'x'.repeat(64), 'ß'.repeat(33), 'y\0z'];
    const tokens = Array.from({ length: 180_000 }, (_, i) =>
      i % 5 === 0 ? odd[i % odd.length]! : `token number ${i}`,
    );
    await inFolder(async (folder) => {
      const path = join(folder, 'm.gguf');
      await writeFile(
        path,
        serializeGguf({ tokens: { type: 'list', value: tokens.map(text) } }, []),
      );
      expect((await openGguf(path)).metadata.get('tokens')).toEqual(tokens);
    });
  });

  it('reads the parts of a split model', async () => {
    await inFolder(async (folder) => {
      const part = (no: number, more: object, name: string, tensor: GgufTensorData) => {
        const keys = { 'split.no': int(no), 'split.count': int(2), ...more };
        return serializeGguf(keys, Object.entries({ [name]: tensor }));
      };
      const total = { 'split.tensors.count': int(2) };
      const [one, two] = ['m-00001-of-00002.gguf', 'm-00002-of-00002.gguf'].map((name) =>
        join(folder, name),
      ) as [string, string];
      await writeFile(one, part(0, { ...metadata, ...total }, 'a', f32([2])));
      await expect(openGguf(one)).rejects.toThrow(`${two}: does not exist`);
      await writeFile(two, part(1, total, 'b', f32([3], 2)));
      const file = await openGguf(one);
      expect(file.metadata.get('llama.block_count')).toBe(2);
      expect([...(await file.readFloat32('b'))]).toEqual([1, 3, 5]);
      await expect(openGguf(two)).rejects.toThrow(/not the first part.*m-00001-of-00002.gguf/);
      await writeFile(two, part(1, total, 'a', f32([3])));
      await expect(openGguf(one)).rejects.toThrow(/tensor "a" is also in m-00001-of-00002.gguf/);
      await writeFile(two, part(0, total, 'b', f32([3])));
      await expect(openGguf(one)).rejects.toThrow(/part 2 of 2/);
      await rename(one, join(folder, 'm.gguf'));
      await expect(openGguf(join(folder, 'm.gguf'))).rejects.toThrow(/its name does not end/);
    });
  });

  const named: [what: string, bytes: () => Uint8Array, message: RegExp][] = [
    ['another file', () => changed(0, [0x50, 0x4b]), /is not a GGUF file/],
    ['an empty file', () => new Uint8Array(0), /is not a GGUF file/],
    ['version 1', () => changed(4, [1]), /version 1, which is not read/],
    ['a later version', () => changed(4, [9]), /version 9; 2 and 3 are read/],
    ['big-endian files', () => changed(4, [0, 0, 0, 3]), /big-endian/],
    ['a huge count of tensors', () => changed(8, u64(2n ** 60n)), /tensors, more than the 100000/],
    ['a lying count of tensors', () => changed(8, u64(99n)), /99 tensors, for which/],
    ['a lying count of keys', () => changed(16, u64(99n)), /99 keys, for which/],
    [
      'a text without an end',
      () => changed('general.architecture', u64(2n ** 50n), 4),
      /key "general.architecture": says 1125899906842624 bytes of text/,
    ],
    [
      'a type that does not exist',
      () => changed('general.architecture', u32(13)),
      /key "general.architecture": has the type 13/,
    ],
    [
      'broken UTF-8',
      () => changed('general.architecture', [0xff], 12),
      /key "general.architecture": holds a text that is not valid UTF-8/,
    ],
    [
      'a key twice',
      () => {
        const file = Buffer.from(serializeGguf({ key1: int(1), key2: int(2) }, []));
        file.write('key1', file.indexOf('key2'));
        return file;
      },
      /key "key1": appears twice in the metadata/,
    ],
    [
      'lists nested deep',
      () => serializeGguf({ k: list(list(list(list(int(1))))) }, []),
      /key "k": has lists nested more than 3 deep/,
    ],
    [
      'very many lists',
      () => {
        const inner = list();
        return serializeGguf({ k: list(...new Array(100_001).fill(inner)) }, []);
      },
      /key "k": has more than 100000 lists within lists/,
    ],
    [
      'an alignment that is not a power of two',
      () => serializeGguf({ 'general.alignment': int(33) }, Object.entries(tensors)),
      /key "general.alignment": 33 is not a power of two/,
    ],
    [
      'a tensor twice',
      () => {
        const file = Buffer.from(intact());
        file.write('a', file.lastIndexOf('b', file.length - 80));
        return file;
      },
      /tensor "a": appears twice in the file/,
    ],
    ['a cut file', () => intact().subarray(0, -13), /tensor "b": ends at byte .* was cut off/],
    [
      'a cut header',
      () => intact().subarray(0, 60),
      /(cut off within its header|are too few: it was cut off)/,
    ],
  ];
  it.each(named)('refuses %s', async (_, bytes, message) => {
    expect(await refusal(bytes())).toMatch(message);
  });

  /** Where the description of tensor a begins: its name's length. */
  const entry = Buffer.from(intact()).indexOf(Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 0x61, 2]));
  const second = Buffer.from(intact()).indexOf(Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 0x62, 1]));
  const shapes: [what: string, at: number, bytes: number[], message: RegExp][] = [
    ['too many dimensions', entry + 9, u32(5), /tensor "a": has 5 dimensions/],
    ['a length of nothing', entry + 13, u64(0n), /tensor "a": has a length of 0/],
    [
      'a huge length',
      entry + 13,
      u64(2n ** 62n),
      /tensor "a": has a length of 4611686018427387904/,
    ],
    [
      'a product beyond the file',
      entry + 13,
      u64(2n ** 52n),
      /tensor "a": needs .* bytes in a file/,
    ],
    ['an unknown type', entry + 29, u32(77), /tensor "a": has the type 77, which is not known/],
    ['rows of broken blocks', entry + 29, u32(2), /rows of 3 numbers, no multiple of Q4_0's 32/],
    [
      'an offset off the grid',
      second + 25,
      u64(33n),
      /tensor "b": begins at 33, no multiple of 32/,
    ],
    [
      'an offset beyond the file',
      second + 25,
      u64(2n ** 40n),
      /tensor "b": begins at 1099511627776, beyond the \d+ bytes of a file cut off/,
    ],
    ['an overlap', second + 25, u64(0n), /tensor "[ab]": overlaps the tensor before it/],
    ['a hole', second + 25, u64(64n), /tensor "b": leaves a hole before it/],
  ];
  it.each(shapes)('refuses %s', async (_, at, bytes, message) => {
    expect(await refusal(changed(at, bytes))).toMatch(message);
  });

  it('names tensors that are missing or of a type it does not know', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'm.gguf');
      const a = { type: 'IQ2_S', shape: [256], bytes: new Uint8Array(82) };
      await writeFile(path, serializeGguf(metadata, Object.entries({ a })));
      const file = await openGguf(path);
      await expect(file.readFloat32('a')).rejects.toThrow(/tensor "a" is stored as IQ2_S; F32/);
      await expect(file.readFloat32('c')).rejects.toThrow(/tensor "c" is not among its 1/);
      expect(() => file.value('general.architecture', 'number')).toThrow(
        /key "general.architecture" is not a number/,
      );
    });
  });
});
