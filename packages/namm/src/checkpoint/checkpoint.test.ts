import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publishedBam } from '@namm/bam';
import { FileFormatError, NammError } from '@namm/core';
import { openSafetensors, writeSafetensors, writeSealedFile } from '@namm/tensors';
import { expectFlipsSeen, inFolder, randomNormals } from '@namm/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type NammCheckpoint, publishedFeatures } from './checkpoint.js';
import { readCheckpoint } from './read-checkpoint.js';
import { writeCheckpoint } from './write-checkpoint.js';

const checkpoint: NammCheckpoint = {
  scorer: publishedBam,
  parameters: randomNormals(1, 4172),
  normaliser: {
    shape: [17],
    mean: randomNormals(2, 17),
    variance: randomNormals(3, 17).map((value) => value ** 2),
    count: Float64Array.of(123_456),
  },
  features: publishedFeatures,
  policy: { updateInterval: 64, semantics: 'exact' },
  provenance: { model: 'nano', generations: 300, seed: 7, tasks: ['a', 'b'] },
};

/** Writes the checkpoint with something changed behind the writer's back. */
async function writeChanged(
  path: string,
  change: {
    tensors?: Readonly<Record<string, Float32Array | Float64Array | null>>;
    metadata?: Readonly<Record<string, string>>;
  },
): Promise<void> {
  await writeCheckpoint(path, checkpoint);
  const file = await openSafetensors(path);
  const tensors = new Map<string, Float32Array | Float64Array>();
  for (const { name, dtype } of file.tensors.values()) {
    tensors.set(
      name,
      dtype === 'F32' ? await file.readFloat32(name) : await file.readFloat64(name),
    );
  }
  for (const [name, data] of Object.entries(change.tensors ?? {})) {
    if (data === null) tensors.delete(name);
    else tensors.set(name, data);
  }
  const entries = Array.from(
    tensors,
    ([name, data]) => [name, { shape: [data.length], data }] as const,
  );
  await writeSealedFile(path, entries, {
    ...Object.fromEntries(file.metadata),
    ...change.metadata,
  });
}

const settings = (change: object) => {
  const { scorer, features, policy } = checkpoint;
  return { settings: JSON.stringify({ scorer, features, policy, ...change }) };
};

const extended: NammCheckpoint = {
  ...checkpoint,
  scorer: { ...publishedBam, features: 27 },
  parameters: randomNormals(4, 4498),
  normaliser: {
    shape: [19],
    mean: randomNormals(2, 19),
    variance: randomNormals(3, 19).map((value) => value ** 2),
    count: Float64Array.of(123_456),
  },
  features: { ...publishedFeatures, keys: ['norm', 'likeness'] },
  headBias: { layers: 2, heads: 3, values: randomNormals(5, 6) },
  policy: { updateInterval: 64, semantics: 'exact', pooling: 3, tail: 4 },
};

describe('a checkpoint', () => {
  it('may see keys, and have a bias per head', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'namm.safetensors');
      await writeCheckpoint(path, extended);
      expect(await readCheckpoint(path)).toEqual(extended);
      const refusals: [object, RegExp][] = [
        [{ policy: { ...checkpoint.policy, pooling: -1 } }, /the pooling -1/],
        [{ policy: { ...checkpoint.policy, tail: 0 } }, /the tail 0/],
        [
          { features: { ...publishedFeatures, keys: ['norm'] } },
          /17 of the spectrum and 1 of keys/,
        ],
        [{ features: { ...publishedFeatures, keys: ['norm', 'norm'] } }, /each once/],
        [
          { features: { ...publishedFeatures, keys: ['norm', 'age'] } },
          /\[norm,age\] are not some/,
        ],
        [
          { headBias: { layers: 2, heads: 2, values: randomNormals(5, 6) } },
          /6 numbers for 2 layers of 2/,
        ],
        [{ headBias: { layers: 1, heads: 1, values: Float32Array.of(Number.NaN) } }, /0 .* is NaN/],
      ];
      for (const [change, problem] of refusals) {
        await expect(writeCheckpoint(path, { ...extended, ...change })).rejects.toThrow(problem);
      }
      expect(await readCheckpoint(path)).toEqual(extended);
    });
  });

  it('is refused whichever bit is damaged; a file without a checksum is read', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'namm.safetensors');
      await writeCheckpoint(path, extended);
      await expectFlipsSeen(path, readCheckpoint, { flips: 400 });
      const file = await openSafetensors(path);
      const { checksum, ...metadata } = Object.fromEntries(file.metadata);
      expect(checksum).toMatch(/^[0-9a-f]{8}$/);
      const names = [...file.tensors.values()];
      const tensors = await Promise.all(
        names.map(async ({ name, dtype, shape }) => {
          const data = await file[dtype === 'F32' ? 'readFloat32' : 'readFloat64'](name);
          return [name, { shape, data }] as const;
        }),
      );
      await writeSafetensors(path, tensors, metadata);
      expect(await readCheckpoint(path)).toEqual(extended);
    }));

  it('comes back as it was written, per-head statistics too', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'namm.safetensors');
      await writeCheckpoint(path, checkpoint);
      expect(await readCheckpoint(path)).toEqual(checkpoint);
      const perHead = {
        ...checkpoint,
        normaliser: {
          shape: [3, 2, 17],
          mean: randomNormals(1, 102),
          variance: new Float32Array(102).fill(2),
          count: new Float64Array(6).fill(5),
        },
      };
      await writeCheckpoint(path, perHead);
      expect(await readCheckpoint(path)).toEqual(perHead);
    });
  });

  it('is not written when it is not whole', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'namm.safetensors');
      const write = (change: object) => writeCheckpoint(path, { ...checkpoint, ...change });
      await expect(write({ parameters: new Float32Array(12) })).rejects.toThrow(/12 numbers/);
      const policy = { updateInterval: 100, semantics: 'exact' };
      await expect(write({ policy })).rejects.toThrow(/interval 100 is not a multiple of the hop/);
      const normaliser = { ...checkpoint.normaliser, variance: new Float32Array(17) };
      await expect(write({ normaliser })).rejects.toThrow(/variance of feature 0 is 0/);
      await expect(readFile(path)).rejects.toThrow(/ENOENT/);
    });
  });

  it.each<[string, Parameters<typeof writeChanged>[1], RegExp]>([
    [
      'another format',
      { metadata: { format: 'pt' } },
      /is not a NAMM checkpoint but weights of a model/,
    ],
    [
      'an unknown format',
      { metadata: { format: 'x' } },
      /is not a NAMM checkpoint; importReference/,
    ],
    ['another version', { metadata: { version: '2' } }, /version "2"/],
    ['settings that are not JSON', { metadata: { settings: '{' } }, /settings are not JSON/],
    [
      'settings that are a list',
      { metadata: { settings: '[]' } },
      /settings are not a JSON object/,
    ],
    ['settings without a scorer', { metadata: settings({ scorer: null }) }, /lack scorer/],
    ['an unknown scorer', { metadata: settings({ scorer: { kind: 'x' } }) }, /settings.kind: 'x'/],
    [
      'a scorer of another size',
      { metadata: settings({ scorer: { ...publishedBam, hidden: 16 } }) },
      /4172 numbers where/,
    ],
    [
      'features that nobody computes',
      { metadata: settings({ features: { ...publishedFeatures, windowSize: 64 } }) },
      /64 queries with a hop of 16/,
    ],
    [
      'more features than the scorer takes',
      {
        metadata: settings({
          features: {
            ...publishedFeatures,
            recency: { ...publishedFeatures.recency, dimension: 10 },
          },
        }),
      },
      /takes 25 features, but there are 10 of recency/,
    ],
    [
      'an interval between hops',
      { metadata: settings({ policy: { updateInterval: 20 } }) },
      /interval 20/,
    ],
    [
      'unknown semantics',
      { metadata: settings({ policy: { updateInterval: 16, semantics: 'x' } }) },
      /semantics 'x'/,
    ],
    ['no parameters', { tensors: { parameters: null } }, /"parameters" is not among/],
    ['no normaliser', { tensors: { 'normaliser.mean': null } }, /"normaliser.mean" is not among/],
    [
      'a parameter that is NaN',
      { tensors: { parameters: checkpoint.parameters.map((v, i) => (i === 9 ? Number.NaN : v)) } },
      /number 9 is NaN/,
    ],
    [
      'a variance of 0',
      { tensors: { 'normaliser.variance': new Float32Array(17) } },
      /variance of feature 0/,
    ],
    ['a mean too few', { tensors: { 'normaliser.mean': new Float32Array(16) } }, /neither \[17\]/],
    ['no tokens counted', { tensors: { 'normaliser.count': Float64Array.of(0) } }, /count 0/],
    ['doubles', { tensors: { parameters: new Float64Array(4172) } }, /F64 \[4172\] where F32/],
  ])('is refused with %s', async (_, change, problem) => {
    await inFolder(async (folder) => {
      const path = join(folder, 'namm.safetensors');
      await writeChanged(path, change);
      const failure = await readCheckpoint(path).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(FileFormatError);
      expect(String(failure)).toMatch(problem);
    });
  });

  it('is refused when cut off, and never read wrong in silence when its header is damaged', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'namm.safetensors');
      await writeCheckpoint(path, checkpoint);
      const bytes = await readFile(path);
      const dataStart = 8 + Number(bytes.readBigUInt64LE());
      await fc.assert(
        fc.asyncProperty(
          fc.nat(bytes.length - 1),
          fc.nat(dataStart - 1),
          fc.nat(254),
          async (cut, at, by) => {
            await writeFile(path, bytes.subarray(0, cut));
            await expect(readCheckpoint(path)).rejects.toThrow(FileFormatError);
            await writeFile(
              path,
              bytes.map((byte, i) => (i === at ? (byte + by + 1) % 256 : byte)),
            );
            const read = await readCheckpoint(path).catch((error: unknown) => error);
            if (NammError.isInstance(read)) return;
            expect((read as NammCheckpoint).parameters).toEqual(checkpoint.parameters);
          },
        ),
        { numRuns: 60 },
      );
    });
  });
});
