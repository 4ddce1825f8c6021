import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publishedBam } from '@namm/bam';
import { FileFormatError, NammError } from '@namm/core';
import { openSafetensors } from '@namm/tensors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixture, inFolder } from '../testing/in-folder.js';
import { pickle, zipOf } from '../testing/torch-bytes.js';
import type { TorchArray } from '../torch/torch-tensor.js';
import { importReferenceCheckpoint, readReferenceState } from './reference-checkpoint.js';

const bytesOf = ({ buffer, byteOffset, byteLength }: TorchArray | Uint8Array) =>
  Buffer.from(buffer, byteOffset, byteLength);

describe('readReferenceState', () => {
  it.each([
    ['ckpt_small_N12.pt', 'ckpt_small_N12', 41],
    ['ckpt_small_N12_cuda.pt', 'ckpt_small_N12', 41],
    ['ckpt_small_legacy_format.pt', 'ckpt_small_legacy_format', 4],
    ['ckpt_small_prefixed.pt', 'ckpt_small_prefixed', 3],
    ['ckpt_4172_expanded.pt', 'ckpt_4172_expanded', 300],
  ])('reads %s bit for bit', async (name, expectedName, iteration) => {
    const state = await readReferenceState(fixture(name));
    expect(state.iteration).toBe(iteration);
    const expected = await openSafetensors(fixture(`${expectedName}.expected.safetensors`));
    for (const entry of expected.tensors.values()) {
      const tensor = state.tensors.get(entry.name.replace('_orig_mod.', ''))!;
      const actual = bytesOf(await tensor.read());
      expect(actual.equals(await expected.readBytes(entry.name)), entry.name).toBe(true);
    }
  });

  it('reads tensors that share one element', async () => {
    const { tensors } = await readReferenceState(fixture('ckpt_4172_expanded.pt'));
    const x = tensors.get('x')!;
    expect(x.shape).toEqual([32, 4172]);
    const numbers = await x.read();
    expect(numbers).toHaveLength(32 * 4172);
    expect(new Set(numbers as Float32Array).size).toBe(1);
  });

  it.each(['dtypes.pt', 'dtypes-legacy.pt'])('reads every kind of tensor in %s', async (name) => {
    const { tensors, iteration, bestValidation } = await readReferenceState(fixture(name));
    const read = (key: string) => tensors.get(key)!.read();
    expect({ iteration, bestValidation }).toEqual({ iteration: 2 ** 40, bestValidation: null });
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
});

describe('importReferenceCheckpoint', () => {
  it('takes the mean and the statistics of the mean', async () => {
    const checkpoint = await importReferenceCheckpoint(fixture('ckpt_4172_expanded.pt'));
    const expected = await openSafetensors(fixture('ckpt_4172_expanded.expected.safetensors'));
    const buffer = 'stored_buffers_to_save.token_embedding_0_output_';
    expect(checkpoint.parameters).toEqual(await expected.readFloat32('mean'));
    expect(checkpoint.normaliser.mean).toEqual(await expected.readFloat32(`${buffer}mean`));
    expect(checkpoint.normaliser.variance).toEqual(await expected.readFloat32(`${buffer}var`));
    expect(checkpoint.normaliser.count[0]).toBe((await expected.readNumbers(`${buffer}num`))[0]);
    expect(checkpoint.scorer).toEqual(publishedBam);
    expect(checkpoint.provenance).toMatchObject({ iteration: 300, bestValidation: 1.1039 });
  });

  it('asks for the scorer when the vector is of another size', async () => {
    const path = fixture('ckpt_small_N12.pt');
    await expect(importReferenceCheckpoint(path)).rejects.toThrow(/mean has 12 numbers where 4172/);
    const scorer = { kind: 'linear', features: 12, bias: false } as const;
    await expect(importReferenceCheckpoint(path, { scorer })).rejects.toThrow(/12 features, but/);
    const file = fixture('dtypes.pt');
    await expect(importReferenceCheckpoint(file)).rejects.toThrow(/has no tensor stored_buffers/);
  });
});

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
  const tensor = (shape: number[], strides: number[], count = 4, type = 'FloatStorage') => [
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
    pickle.tuple,
    pickle.reduce,
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
      return (await readReferenceState(path)).tensors.get('mean')?.read();
    });

  it('reads a small archive, also with 64-bit sizes', async () => {
    const files = archive(stateOf(...tensor([2, 2], [1, 2])));
    const expected = Float32Array.of(1, 3, 2, 4);
    expect(await attempt(zipOf(files))).toEqual(expected);
    expect(await attempt(zipOf(files, { wide: true }))).toEqual(expected);
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
      'compressed entries',
      zipOf(archive(Buffer.concat(empty)), { method: 8 }),
      /compressed or encrypted/,
    ],
    ['another object', zipOf(archive(Buffer.concat(empty))), /has no evolution_state/],
    [
      'no tensor',
      zipOf(archive(stateOf(pickle.int(1)))),
      /"mean" in its evolution_state is no tensor/,
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
      'big-endian numbers',
      zipOf(archive(stateOf(...tensor([1], [1])), { 'x/byteorder': Buffer.from('big') })),
      /big-endian/,
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

  it.each(['ckpt_small_N12.pt', 'ckpt_small_legacy_format.pt', 'dtypes.pt'])(
    'refuses %s cut off anywhere, and any damage is refused or harmless',
    async (name) => {
      const bytes = await readFile(fixture(name));
      await inFolder(async (folder) => {
        const path = join(folder, 'ckpt.pt');
        const readAll = async () => {
          const { tensors } = await readReferenceState(path);
          return Promise.all(Array.from(tensors.values(), (one) => one.read()));
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
