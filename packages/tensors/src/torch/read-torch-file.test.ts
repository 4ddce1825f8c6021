import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileFormatError, NammError } from '@namm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixture, inFolder } from '../testing/in-folder.js';
import { pickle, zipOf } from '../testing/torch-bytes.js';
import { NumpyArray, type NumpyData } from './numpy-values.js';
import { readTorchFile } from './read-torch-file.js';
import { type TorchArray, TorchTensor } from './torch-tensor.js';

const bytesOf = ({ buffer, byteOffset, byteLength }: TorchArray | Uint8Array) =>
  Buffer.from(buffer, byteOffset, byteLength);

/** The tensors of a file that holds `{ evolution_state: { name: tensor … } … }`. */
/** All tensors, under whatever names damage has left them. */
function tensorsIn(value: unknown): TorchTensor[] {
  if (value instanceof TorchTensor) return [value];
  return value instanceof Map ? [...value.values()].flatMap(tensorsIn) : [];
}

async function stateIn(path: string) {
  const root = (await readTorchFile(path)) as Map<string, unknown>;
  return { root, tensors: root.get('evolution_state') as Map<string, TorchTensor> };
}

describe('readTorchFile', () => {
  it.each(['dtypes.pt', 'dtypes-legacy.pt'])('reads every kind of tensor in %s', async (name) => {
    const { root, tensors } = await stateIn(fixture(name));
    const read = (key: string) => tensors.get(key)!.read();
    expect(root.get('iter_num')).toBe(2 ** 40);
    expect(await read('float64')).toEqual(Float64Array.of(1 / 3, -1e300));
    expect(await read('float16')).toEqual(Float32Array.of(0.333251953125, 65504, 2 ** -24));
    const wide = await read('bfloat16');
    expect([...(wide as Float32Array)]).toEqual([
      0.333984375,
      expect.closeTo(-3e38, -36),
      Number.NaN,
    ]);
    expect(await read('int64')).toEqual(BigInt64Array.of(2n ** 62n, -1n));
    expect(await read('int32')).toEqual(Int32Array.of(2 ** 31 - 1, -(2 ** 31)));
    expect(await read('int16')).toEqual(Int16Array.of(-32768));
    expect(await read('int8')).toEqual(Int8Array.of(-128, 127));
    expect(await read('uint8')).toEqual(Uint8Array.of(255));
    expect(await read('bool')).toEqual(Uint8Array.of(1, 0));
    // base[i, j] = 6 i + j − 7.5; the view is base[1:, ::2], the other its transpose.
    expect(await read('view')).toEqual(
      Float32Array.of(-1.5, 0.5, 2.5, 4.5, 6.5, 8.5, 10.5, 12.5, 14.5),
    );
    const transposed = await read('transposed');
    expect(tensors.get('transposed')!.shape).toEqual([6, 4]);
    for (let i = 0; i < 24; i++) expect(transposed[i]).toBe(6 * (i % 4) + Math.floor(i / 4) - 7.5);
    expect(await read('scalar')).toEqual(Float32Array.of(2.5));
    expect(await read('empty')).toHaveLength(0);
    expect(await read('parameter')).toEqual(Float32Array.of(1, 2));
    expect(await read('expanded')).toEqual(new Float32Array(6).fill(3));
    const payloads = new Uint32Array((await read('nan_payload')).buffer);
    expect([...payloads]).toEqual([0x7fc12345, 0x7f812345]);
  });

  it('reads what trainers put beside their tensors: defaultdicts and paths', async () => {
    // Of Python 3.11: pickle.dumps({'lists': defaultdict(list, {'a': [1]}), 'counts': defaultdict(int, {'x': 2}),
    // 'any': defaultdict(None, {'k': 1}), 'path': PosixPath('/tmp/run 1/ckpt.pt'),
    // 'relative': PurePosixPath('a/b'), 'none': PosixPath('.')}, 2)
    const bytes = Buffer.from(
      'gAJ9cQAoWAUAAABsaXN0c3EBY2NvbGxlY3Rpb25zCmRlZmF1bHRkaWN0CnECY19fYnVpbHRpbl9fCmxpc3QKcQOFcQRScQVYAQAAAGFxBl1xB0sBYXNYBgAAAGNvdW50c3EIaAJjX19idWlsdGluX18KbG9uZwpxCYVxClJxC1gBAAAAeHEMSwJzWAMAAABhbnlxDWgCKVJxDlgBAAAAa3EPSwFzWAQAAABwYXRocRBjcGF0aGxpYgpQb3NpeFBhdGgKcREoWAEAAAAvcRJYAwAAAHRtcHETWAUAAABydW4gMXEUWAcAAABja3B0LnB0cRV0cRZScRdYCAAAAHJlbGF0aXZlcRhjcGF0aGxpYgpQdXJlUG9zaXhQYXRoCnEZaAZYAQAAAGJxGoZxG1JxHFgEAAAAbm9uZXEdaBEpUnEedS4=',
      'base64',
    );
    expect(await readPickle(bytes)).toEqual(
      new Map<string, unknown>([
        ['lists', new Map([['a', [1]]])],
        ['counts', new Map([['x', 2]])],
        ['any', new Map([['k', 1]])],
        ['path', '/tmp/run 1/ckpt.pt'],
        ['relative', 'a/b'],
        ['none', '.'],
      ]),
    );
    const windows = call('pathlib', 'PureWindowsPath', ...['C:\\', 'a', 'b'].map(pickle.text));
    expect(await readPickle(pickled(windows))).toBe('C:\\a\\b');
    const newer = call('pathlib._local', 'PosixPath', pickle.text('/'), pickle.text('x'));
    expect(await readPickle(pickled(newer))).toBe('/x'); // Python 3.13
  });

  it.each([2, 3, 4, 5])('reads all that trainers save, with protocol %i', async (protocol) => {
    const root = (await readTorchFile(fixture(`trainer-protocol-${protocol}.pt`))) as Map<
      string,
      unknown
    >;
    const array = (shape: number[], dtype: string, data: NumpyData) => ({ shape, dtype, data });
    const plain: Record<string, unknown> = {};
    for (const [name, value] of root) {
      plain[name] =
        value instanceof NumpyArray
          ? array([...value.shape], value.dtype, value.data)
          : value instanceof TorchTensor
            ? await value.read()
            : value;
    }
    expect(plain.rng).toMatchObject(['MT19937', { data: Uint32Array.of(1, 2 ** 32 - 1) }, 624]);
    expect(plain).toMatchObject({
      ...{ best: 0.5, step: 7, flag: true, name: 'héllo', large: 2n ** 64n - 1n, bigendian: 2.5 },
      table: array([2, 3], 'float64', Float64Array.of(0, 1, 2, 3, 4, 5)),
      fortran: array([2, 3], 'float32', Float32Array.of(0, 1, 2, 3, 4, 5)),
      swapped: array([2, 2], 'float32', Float32Array.of(1.5, -2, 3, 4)),
      cube: array(
        [2, 3, 4],
        'int16',
        Int16Array.from({ length: 24 }, (_, i) => i),
      ),
      half: array([2], 'float16', Float32Array.of(0.5, -1)),
      mask: array([2], 'bool', Uint8Array.of(1, 0)),
      zero: array([], 'float64', Float64Array.of(2.5)),
      empty: array([0, 3], 'float64', new Float64Array(0)),
      longs: array([2], 'int64', BigInt64Array.of(2n ** 62n, -1n)),
      ...{ queue: [1, 2], path: 'runs/1', device: 'cuda:1', dtype: 'torch.bfloat16', size: [2, 3] },
      ...{ bytes: Uint8Array.of(0, 255), none: new Uint8Array(0), array: Uint8Array.of(97, 98) },
      ...{ complex: { real: 1, imaginary: -2 }, nothing: null },
      ints: [255, 65536, -(2 ** 31), 2n ** 63n, -(10n ** 30n), 2n ** 2100n],
      floats: [-0, Number.POSITIVE_INFINITY, 1e-310],
      ...{ text: ['', 'é'.repeat(200)], tuples: [[], [1], [1, 2, 3, 4]] },
      ...{ parameter: Float32Array.of(1, 2), again: Float32Array.of(1, 2) },
      ...{ tagged: Float32Array.of(1), uint16: Uint16Array.of(1, 65535) },
      uint64: BigUint64Array.of(2n ** 63n),
    });
    const sets = ['counts', 'lists', 'sets', 'ordered', 'args', 'set', 'noset', 'frozen'];
    expect(Object.fromEntries(sets.map((name) => [name, contents(plain[name])]))).toEqual({
      counts: { a: 2, b: 1, c: 1 },
      ...{ lists: { a: [1] }, sets: { a: [1] }, ordered: { b: 1, a: 2 } },
      args: { lr: 0.001, sizes: [1, 2] },
      ...{ set: [1], noset: [], frozen: [3] },
    });
  });

  it.each<[string, Uint8Array[], unknown]>([
    ['a device', call('torch', 'device', pickle.text('cuda'), pickle.int(1)), 'cuda:1'],
    ['a device without a number', call('torch', 'device', pickle.text('cpu')), 'cpu'],
    ['a dtype', [pickle.global('torch', 'bfloat16')], 'torch.bfloat16'],
    ['a size', call('torch', 'Size', ...tuple(pickle.int(2), pickle.int(3))), [2, 3]],
    ['a double of numpy 2', scalar('numpy._core.multiarray', 'f8', '000000000000e03f'), 0.5],
    ['a double of numpy 1', scalar('numpy.core.multiarray', 'f8', '000000000000e0bf'), -0.5],
    ['a float', scalar('numpy._core.multiarray', 'f4', '0000c03f'), 1.5],
    ['a half', scalar('numpy._core.multiarray', 'f2', '003c'), 1],
    ['a long', scalar('numpy._core.multiarray', 'i8', 'ffffffffffffffff'), -1],
    ['a large long', scalar('numpy._core.multiarray', 'u8', 'ffffffffffffffff'), 2n ** 64n - 1n],
    ['an int', scalar('numpy._core.multiarray', 'i4', '00000080'), -(2 ** 31)],
    ['a big-endian double', scalar('numpy.core.multiarray', 'f8', '3fe0000000000000', '>'), 0.5],
    ['a text', scalar('numpy._core.multiarray', 'U3', '61000000e900000000000000'), 'aé'],
    ['a byte', scalar('numpy._core.multiarray', 'u1', 'ff', '|'), 255],
    ['a boolean', scalar('numpy._core.multiarray', 'b1', '01', '|'), true],
  ])('reads %s', async (_, parts, expected) => {
    expect(await readPickle(pickled(parts))).toEqual(expected);
  });

  it.each<[string, Uint8Array[], RegExp]>([
    ['a number that is too short', scalar('numpy.core.multiarray', 'f8', '0000'), /of kind 'f8'/],
    ['a string of numpy', scalar('numpy.core.multiarray', 'U3', '610000'), /of kind 'U3'/],
    [
      'a kind of a prototype',
      scalar('numpy.core.multiarray', 'constructor', '00'),
      /'constructor'/,
    ],
    [
      'an array of another class',
      call('numpy.core.multiarray', '_reconstruct', pickle.text('x')),
      /in a way/,
    ],
    ['an integer of any length', [Uint8Array.of(0x8b, 0xff, 0xff, 0xff, 0x7f)], /too many bytes/],
    ['bytes beyond the pickle', [Uint8Array.of(0x8e, 9, 0, 0, 0, 0, 0, 0, 0x80)], /was cut off/],
    ['items of what is not a set', [pickle.dict, pickle.mark, Uint8Array.of(0x90)], /not a set/],
    ['buffers beside the pickle', [Uint8Array.of(0x97)], /operation 0x97/],
    ['protocol 6', [Uint8Array.of(0x80, 6)], /protocol 6; 2 to 5/],
    [
      'another encoding',
      call('_codecs', 'encode', pickle.text('a'), pickle.text('rot13')),
      /in a way/,
    ],
    [
      'a text that is not latin1',
      call('_codecs', 'encode', pickle.text('€'), pickle.text('latin1')),
      /latin1/,
    ],
    ['a factory that is called', call('__builtin__', 'list'), /calls what is not a known name/],
    [
      'a factory of anything',
      call('collections', 'defaultdict', pickle.global('os', 'system')),
      /"os.system"/,
    ],
    ['a path of numbers', call('pathlib', 'PosixPath', pickle.int(1)), /in a way/],
    ['a device of a dictionary', call('torch', 'device', pickle.dict), /in a way/],
    ['a dtype that is called', call('torch', 'float32'), /calls what is not a known name/],
    ['a function of torch', call('torch', 'load', pickle.text('x')), /names "torch.load"/],
  ])('refuses %s', async (_, parts, problem) => {
    const failure = await readPickle(pickled(parts)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(FileFormatError);
    expect(String(failure)).toMatch(problem);
  });
});

/** Maps as objects, sets as lists. */
function contents(value: unknown): unknown {
  if (value instanceof Set) return [...value];
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...value].map(([name, each]) => [name, contents(each)]));
}

/** Pickle of a call of a global. */
function call(module: string, name: string, ...parameters: Uint8Array[]): Uint8Array[] {
  return [pickle.global(module, name), ...tuple(...parameters), pickle.reduce];
}

function tuple(...parts: Uint8Array[]): Uint8Array[] {
  return [pickle.mark, ...parts, pickle.tuple];
}

/** A number of numpy as it pickles them: a dtype that is told its byte order, and bytes as latin1. */
function scalar(module: string, code: string, hex: string, order = '<'): Uint8Array[] {
  const none = Uint8Array.of(0x4e);
  const [yes, no] = [Uint8Array.of(0x88), Uint8Array.of(0x89)];
  const numbers = [-1, -1, 0].map(pickle.int);
  const state = tuple(pickle.int(3), pickle.text(order), none, none, none, ...numbers);
  const dtype = [...call('numpy', 'dtype', pickle.text(code), no, yes), ...state];
  const text = Buffer.from(hex, 'hex').toString('latin1');
  const bytes = call('_codecs', 'encode', pickle.text(text), pickle.text('latin1'));
  return call(module, 'scalar', ...dtype, Uint8Array.of(0x62), ...bytes);
}

const pickled = (parts: readonly Uint8Array[]) =>
  Buffer.concat([pickle.protocol, ...parts, pickle.stop]);

/** What a file of torch.save holds whose pickle is this. */
function readPickle(data: Uint8Array): Promise<unknown> {
  return inFolder(async (folder) => {
    const path = join(folder, 'any.pt');
    await writeFile(path, zipOf({ 'x/data.pkl': data }));
    return await readTorchFile(path);
  });
}

describe('files that are not what they should be', () => {
  const empty = [pickle.protocol, pickle.dict, pickle.stop];
  const stateOf = (...value: Uint8Array[]) =>
    Buffer.concat([
      pickle.protocol,
      pickle.dict,
      pickle.mark,
      pickle.text('evolution_state'),
      pickle.dict,
      pickle.mark,
      pickle.text('mean'),
      ...value,
      pickle.setItems,
      pickle.setItems,
      pickle.stop,
    ]);
  /** A tensor as torch.save writes it, 4 floats in storage 0. */
  const tensor = (
    shape: number[],
    strides: number[],
    count = 4,
    type = 'FloatStorage',
    more: Uint8Array[] = [],
  ) => [
    pickle.global('torch._utils', '_rebuild_tensor_v2'),
    pickle.mark,
    pickle.mark,
    pickle.text('storage'),
    pickle.global('torch', type),
    pickle.text('0'),
    pickle.text('cpu'),
    pickle.int(count),
    pickle.tuple,
    pickle.persistent,
    pickle.int(0),
    pickle.mark,
    ...shape.map(pickle.int),
    pickle.tuple,
    pickle.mark,
    ...strides.map(pickle.int),
    pickle.tuple,
    ...more,
    pickle.tuple,
    pickle.reduce,
  ];
  /** requires_grad, hooks, and metadata { neg: True }, as torch.save writes `x.conj().imag`. */
  const negated = [
    ...[Uint8Array.of(0x89), pickle.dict, pickle.dict, pickle.mark],
    ...[pickle.text('neg'), Uint8Array.of(0x88), pickle.setItems],
  ];
  const numbers = bytesOf(new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer));
  const archive = (data: Uint8Array, others = {}) => ({
    'x/data.pkl': data,
    'x/data/0': numbers,
    ...others,
  });

  const attempt = (bytes: Uint8Array) =>
    inFolder(async (folder) => {
      const path = join(folder, 'ckpt.pt');
      await writeFile(path, bytes);
      return (await stateIn(path)).tensors.get('mean')?.read();
    });

  it('reads a small archive, also with 64-bit sizes', async () => {
    const files = archive(stateOf(...tensor([2, 2], [1, 2])));
    const expected = Float32Array.of(1, 3, 2, 4);
    expect(await attempt(zipOf(files))).toEqual(expected);
    expect(await attempt(zipOf(files, { wide: true }))).toEqual(expected);
    const swapped = Buffer.from(Float32Array.of(1, 2, 3, 4).buffer).swap32();
    const big = { ...files, 'x/byteorder': Buffer.from('big'), 'x/data/0': swapped };
    expect(await attempt(zipOf(big))).toEqual(expected);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /cut off|neither an archive/],
    ['an HTML page', Buffer.from('<!doctype html>'), /neither an archive nor a pickle/],
    ['a bare pickle', Buffer.concat(empty), /does not begin like a file of torch.save/],
    ['an archive of something else', zipOf({ 'a.txt': numbers }), /has no data.pkl/],
    [
      'two of them',
      zipOf({ ...archive(Buffer.concat(empty)), 'y/data.pkl': Buffer.concat(empty) }),
      /has no data.pkl|two/,
    ],
    [
      'a name twice',
      Buffer.from(
        Buffer.from(zipOf(archive(Buffer.concat(empty), { 'x/data/1': numbers })))
          .toString('latin1')
          .replaceAll('x/data/1', 'x/data/0'),
        'latin1',
      ),
      /"x\/data\/0" twice/,
    ],
    [
      'compressed entries',
      zipOf(archive(Buffer.concat(empty)), { method: 8 }),
      /compressed or encrypted/,
    ],
    [
      'a call of os.system',
      zipOf(
        archive(
          stateOf(
            pickle.global('os', 'system'),
            pickle.mark,
            pickle.text('touch /tmp/owned'),
            pickle.tuple,
            pickle.reduce,
          ),
        ),
      ),
      /names "os.system".*not executed/,
    ],
    [
      'a call of eval',
      zipOf(archive(stateOf(pickle.global('builtins', 'eval'), pickle.reduce))),
      /names "builtins.eval"/,
    ],
    [
      'a storage called as a function',
      zipOf(
        archive(
          stateOf(pickle.global('torch', 'FloatStorage'), pickle.mark, pickle.tuple, pickle.reduce),
        ),
      ),
      /uses torch.FloatStorage in a way/,
    ],
    [
      'a view beyond its storage',
      zipOf(archive(stateOf(...tensor([3, 2], [2, 1])))),
      /reaches beyond its 4/,
    ],
    ['a negative stride', zipOf(archive(stateOf(...tensor([2], [-1])))), /cannot be/],
    [
      'a view of an exabyte',
      zipOf(archive(stateOf(...tensor([2 ** 31 - 1, 2 ** 31 - 1], [0, 0])))),
      /larger than any/,
    ],
    [
      'a storage of another size',
      zipOf(archive(stateOf(...tensor([1], [1], 5)))),
      /has 16 bytes, not 20/,
    ],
    [
      'a storage of another kind',
      zipOf(archive(stateOf(...tensor([1], [1], 4, 'QInt8Storage')))),
      /QInt8Storage/,
    ],
    [
      'numbers of an unknown order',
      zipOf(archive(stateOf(...tensor([1], [1])), { 'x/byteorder': Buffer.from('middle') })),
      /neither little nor big/,
    ],
    [
      'a view that is negated when it is read',
      zipOf(archive(stateOf(...tensor([2], [1], 4, 'FloatStorage', negated)))),
      /lazily changed \('neg'\); clone it/,
    ],
    [
      'something behind the pickle',
      zipOf(archive(Buffer.concat([...empty, ...empty]))),
      /follows the pickle/,
    ],
  ])('refuses %s', async (_, bytes, problem) => {
    const failure = await attempt(bytes).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(FileFormatError);
    expect(String(failure)).toMatch(problem);
  });

  it.each(['dtypes.pt', 'dtypes-legacy.pt', 'trainer-protocol-5.pt'])(
    'refuses %s cut off anywhere, and any damage is refused or harmless',
    async (name) => {
      const bytes = await readFile(fixture(name));
      await inFolder(async (folder) => {
        const path = join(folder, 'ckpt.pt');
        const readAll = async () => {
          return Promise.all(tensorsIn(await readTorchFile(path)).map((one) => one.read()));
        };
        await fc.assert(
          fc.asyncProperty(
            fc.nat(bytes.length - 1),
            fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), {
              minLength: 1,
              maxLength: 4,
            }),
            async (cut, changes) => {
              await writeFile(path, bytes.subarray(0, cut));
              await expect(readAll()).rejects.toThrow(FileFormatError);
              const damaged = Buffer.from(bytes);
              for (const [at, value] of changes) damaged[at] = value;
              await writeFile(path, damaged);
              const result = await readAll().catch((error: unknown) => error);
              if (!Array.isArray(result))
                expect(NammError.isInstance(result), String(result)).toBe(true);
            },
          ),
          { numRuns: 100 },
        );
      });
    },
  );
});
