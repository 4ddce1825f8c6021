import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError } from '@namm/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { recordedStatistics } from '../src/data/recorded-statistics.js';
import { type CollectedData, collectEpisodes } from '../src/training/collect-episodes.js';
import { collectFromRun } from '../src/training/collect-from-run.js';
import { collectFromTask } from '../src/training/collect-from-task.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-collect-'));
});
afterAll(() => rm(folder, { recursive: true }));

const maze = { name: 't-maze', length: 6 } as const;

it('collects from the oracle of a task, and says what it wrote', async () => {
  const told: CollectedData[] = [];
  const [data, ...more] = await collectEpisodes({
    ...{ environment: maze, seed: 3, out: join(folder, 'task'), episodes: 30 },
    onData: (each) => told.push(each),
  });
  expect([told, more]).toEqual([[data], []]);
  const mixture = [
    { agent: 'oracle', share: 2 },
    { agent: 'memoryless', share: 1 },
  ] as const;
  const out = join(folder, 'same');
  const same = await collectFromTask({ environment: maze, mixture, episodes: 30, seed: 3, out });
  expect(await readFile(data!.path)).toEqual(await readFile(same.path));
  const { mean, deviation } = await recordedStatistics(data!.path);
  expect([mean.length, deviation.length]).toEqual([4, 4]);
});

it('trains a body first, goes on with what is trained, and draws episodes from a seed of their own', async () => {
  const out = join(folder, 'body');
  const environment = { name: 'hopper' } as const;
  const small = { trainingSteps: 300, directions: 2, best: 1, steps: 60, workers: 0 };
  const common = { environment, seed: 2, out, ...small };
  // A run that was never evaluated has a replay alone.
  const [replay] = await collectEpisodes({ ...common, styles: ['replay'] });
  expect(replay!.info).toMatchObject({ seed: 2, environment });
  expect(replay!.info.steps).toBeGreaterThanOrEqual(60);
  const run = join(out, 'ars-hopper-2');
  const same = await collectFromRun({
    run,
    style: 'replay',
    steps: 60,
    workers: 0,
    out: join(folder, 'again'),
    seed: 5,
  });
  const [other] = await collectEpisodes({ ...common, styles: ['replay'], episodeSeed: 5 });
  expect(await readFile(other!.path)).toEqual(await readFile(same.path));
  await expect(collectEpisodes({ ...common, styles: ['expert'] })).rejects.toThrow(
    'never evaluated',
  );
});

it.each([
  [
    'a number of episodes for a body',
    { environment: { name: 'hopper' }, episodes: 3 },
    /^episodes: has no effect on hopper, which is a body/,
  ],
  [
    'a training for a task',
    { environment: maze, trainingSteps: 3 },
    /^trainingSteps: has no effect on t-maze, which is a memory task/,
  ],
  ['an option that is none', { environment: maze, episode: 3 }, /episode/],
])('refuses %s', async (_, options, message) => {
  const refused = collectEpisodes({ seed: 0, out: folder, ...options } as never);
  await expect(refused).rejects.toThrow(message);
  await expect(refused).rejects.toBeInstanceOf(InvalidArgumentError);
});
