import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileFormatError } from '@namm/core';
import h5wasm from 'h5wasm/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Episode, EpisodeSource } from '../src/contracts/episode-source.js';
import { checkStatistics } from '../src/data/check-statistics.js';
import { observationStatistics } from '../src/data/observation-statistics.js';
import { openD4rl } from '../src/data/open-d4rl.js';
import { openEpisodes } from '../src/data/open-episodes.js';
import { openMinari } from '../src/data/open-minari.js';
import {
  action,
  actionSize,
  type Damage,
  episodes,
  observation,
  observationSize,
  reward,
  steps,
  writeD4rlLookAlike,
  writeMinariLookAlike,
} from './look-alikes.js';

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-readers-'));
});
afterAll(() => rm(folder, { recursive: true }));
const newPath = () => join(folder, `${files++}.hdf5`);

async function all(source: EpisodeSource): Promise<Episode[]> {
  const read: Episode[] = [];
  try {
    for await (const episode of source.episodes()) read.push(episode);
  } finally {
    await source.close();
  }
  return read;
}

function expectLookAlike(read: readonly Episode[], withFinal: boolean) {
  expect(read.map(({ length, end }) => ({ length, end }))).toEqual(episodes);
  let first = 0;
  for (const episode of read) {
    for (let row = 0; row < episode.length; row++) {
      for (let column = 0; column < observationSize; column++) {
        const value = episode.observations[row * observationSize + column];
        expect(value).toBe(Math.fround(observation(first + row, column)));
      }
      for (let column = 0; column < actionSize; column++) {
        const value = episode.actions[row * actionSize + column];
        expect(value).toBe(Math.fround(action(first + row, column)));
      }
      expect(episode.rewards[row]).toBe(Math.fround(reward(first + row)));
    }
    first += episode.length;
    if (withFinal) expect(episode.finalObservation![0]).toBe(Math.fround(observation(first, 0)));
    else expect(episode.finalObservation).toBeNull();
  }
}

describe('openD4rl', () => {
  it('reads every number of every episode, as often as asked', async () => {
    const path = newPath();
    await writeD4rlLookAlike(path);
    const source = await openEpisodes(path);
    expect(source).toMatchObject({ steps, observationSize, actionSize });
    for await (const _ of source.episodes()) break;
    expectLookAlike(await all(source), false);
  });

  it('gives mean and deviation as the published models have them', async () => {
    const path = newPath();
    await writeD4rlLookAlike(path);
    const source = await openD4rl(path);
    const { mean, deviation } = await observationStatistics(source);
    await source.close();
    const rows = Array.from({ length: steps }, (_, row) => row);
    for (let column = 0; column < observationSize; column++) {
      const values = rows.map((row) => Math.fround(observation(row, column)));
      const average = values.reduce((sum, value) => sum + value, 0) / steps;
      const variance = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / steps;
      expect(mean[column]).toBeCloseTo(average, 10);
      expect(deviation[column]).toBeCloseTo(Math.sqrt(variance) + 1e-6, 10);
    }
  });

  it('reads what h5py wrote: flags as booleans, shuffled and compressed', async () => {
    const path = join(import.meta.dirname, '__fixtures__', 'h5py-gzip.hdf5');
    const read = await all(await openD4rl(path));
    expect(read.map(({ length, end }) => ({ length, end }))).toEqual([
      { length: 10, end: 'terminated' },
      { length: 20, end: 'truncated' },
      { length: 10, end: 'truncated' },
    ]);
    let [row, number] = [0, 0];
    for (const { observations, rewards } of read) {
      for (const value of observations) expect(value).toBe(number++ / 4);
      for (const value of rewards) expect(value).toBe(row++ / 2);
    }
  });

  it('refuses a compression that the library lacks and reads as wrong numbers', async () => {
    const path = join(import.meta.dirname, '__fixtures__', 'h5py-lzf.hdf5');
    await expect(openD4rl(path)).rejects.toThrow(/observations is compressed with lzf .*h5repack/);
  });

  it('cuts old files without timeouts after the horizon it is told', async () => {
    const path = newPath();
    await writeD4rlLookAlike(path, { without: ['timeouts'] });
    await expect(openD4rl(path)).rejects.toThrow(/lacks timeouts.*horizon: 1000/);
    const read = await all(await openD4rl(path, { horizon: 300 }));
    expect(read.map(({ length }) => length)).toEqual([5, 300, 300, 104]);
    expect(read.map(({ end }) => end)).toEqual(['terminated', 'truncated', 'truncated', 'cut']);
  });

  it.each<[string, Damage, RegExp]>([
    ['a key that lacks', { without: ['rewards'] }, /lacks rewards; it has .*observations/],
    ['rows that differ', { actionRows: 700 }, /actions has shape \[700, 2\] where \[709,/],
    ['NaN', { nanAt: 200 }, /observations is NaN in row 200, column 1/],
  ])('names %s', async (_, damage, message) => {
    const path = newPath();
    await writeD4rlLookAlike(path, damage);
    const failure = await openD4rl(path)
      .then(all)
      .catch((error) => error);
    expect(failure).toBeInstanceOf(FileFormatError);
    expect(failure.message).toMatch(message);
    expect(failure.message).toContain(path);
  });

  it('reads a file without any end as one that was cut', async () => {
    const path = newPath();
    await writeD4rlLookAlike(path, { noEnds: true });
    expect((await all(await openD4rl(path))).map(({ end }) => end)).toEqual(['cut']);
  });

  it('refuses a file that was cut off, wherever', async () => {
    const path = newPath();
    await writeD4rlLookAlike(path);
    const whole = await readFile(path);
    for (const share of [0, 0.01, 0.3, 0.7, 0.99]) {
      const cut = newPath();
      await writeFile(cut, whole.subarray(0, Math.floor(whole.length * share)));
      await expect(openD4rl(cut)).rejects.toThrow(/is not a complete HDF5 file/);
    }
  });

  it('refuses data that were damaged inside, where the library gives wrong numbers', async () => {
    const path = newPath();
    await writeD4rlLookAlike(path);
    const whole = await readFile(path);
    let found = 0;
    for (let at = 3000; at + 400 < whole.length; at += 2000) {
      const damaged = newPath();
      const bytes = Buffer.from(whole).fill(0x55, at, at + 400);
      await writeFile(damaged, bytes);
      // Damage may hit room that is not used; what is read then is what was written.
      try {
        expectLookAlike(await all(await openD4rl(damaged)), false);
      } catch (error) {
        expect(error).toBeInstanceOf(FileFormatError);
        found++;
      }
    }
    expect(found).toBeGreaterThan(2);
  });

  it('refuses what is no HDF5 file, a folder, and no file', async () => {
    const text = newPath();
    await writeFile(text, 'observations');
    await expect(openD4rl(text)).rejects.toThrow(/is not a complete HDF5 file/);
    await expect(openD4rl(folder)).rejects.toThrow(/is not a file/);
    await expect(openD4rl(newPath())).rejects.toThrow(/cannot be read/);
    await expect(openD4rl(text, { horizons: 3 } as never)).rejects.toThrow(/horizons/);
  });

  it('refuses words and groups where numbers are needed', async () => {
    await h5wasm.ready;
    for (const kind of ['words', 'group'] as const) {
      const path = newPath();
      const file = new h5wasm.File(path, 'w');
      if (kind === 'group') file.create_group('observations');
      else file.create_dataset({ name: 'observations', data: ['a', 'b'] });
      file.close();
      await expect(openD4rl(path)).rejects.toThrow(/observations is not an array/);
    }
  });
});

describe('openMinari', () => {
  it('reads a folder, episodes in the order of their numbers', async () => {
    const root = join(folder, 'hopper', 'medium-v0');
    await mkdir(join(root, 'data'), { recursive: true });
    await writeMinariLookAlike(join(root, 'data', 'main_data.hdf5'));
    const source = await openEpisodes(root);
    expect(source).toMatchObject({ steps, observationSize, actionSize });
    expectLookAlike(await all(source), true);
  });

  it.each<[string, Parameters<typeof writeMinariLookAlike>[1], RegExp]>([
    [
      'an array that lacks',
      (group, array) => (group === 'episode_14' && array === 'truncations' ? 'leave out' : null),
      /lacks episode_14\/truncations/,
    ],
    [
      'rows of another width',
      (group, array) => (group === 'episode_14' && array === 'actions' ? [1400, 1] : null),
      /episode_14\/actions has shape \[1400, 1\] where \[700,/,
    ],
    [
      'observations of other sizes',
      (group, array) => (group === 'episode_0' && array === 'observations' ? [3, 6] : null),
      /episode_0\/observations has shape \[3, 6\] where \[6,/,
    ],
  ])('names %s', async (_, change, message) => {
    const path = newPath();
    await writeMinariLookAlike(path, change);
    await expect(openMinari(path).then(all)).rejects.toThrow(message);
  });

  it('refuses folders without data, files of another kind, and episodes that lack', async () => {
    const empty = join(folder, 'empty');
    await mkdir(empty);
    await expect(openMinari(empty)).rejects.toThrow(/lacks data\/main_data.hdf5/);
    const d4rl = newPath();
    await writeD4rlLookAlike(d4rl);
    await expect(openMinari(d4rl)).rejects.toThrow(/no group episode_0; it has .*observations/);
    await expect(openMinari(join(folder, 'none'))).rejects.toThrow(/cannot be read/);
    const short = newPath();
    await writeMinariLookAlike(short);
    const file = new h5wasm.File(short, 'a');
    file.delete_attribute('total_episodes');
    file.create_attribute('total_episodes', 9);
    file.close();
    await expect(openMinari(short)).rejects.toThrow(/total_episodes says 9, and there are 4/);
  });
});

describe('checkStatistics', () => {
  const sound = { mean: [0, 0, 0], deviation: [1, 1, 1] };

  it('takes sound ones', () => {
    expect(() => checkStatistics(sound, 3, 'card.json')).not.toThrow();
  });

  it.each([
    [
      { ...sound, deviation: [1, 1, 1, 5] },
      /card.json: deviation has 4 numbers where an observation has 3/,
    ],
    [{ ...sound, mean: [0, 0] }, /mean has 2 numbers where/],
    [{ ...sound, mean: [0, Number.NaN, 0] }, /mean\[1\] is NaN/],
    [{ ...sound, deviation: [1, 0, 1] }, /deviation\[1\] is 0/],
  ])('refuses %j', (statistics, message) => {
    expect(() => checkStatistics(statistics, 3, 'card.json')).toThrow(message);
  });
});
