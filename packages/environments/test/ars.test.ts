import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileFormatError } from '@namm/core';
import { expectFlipsSeen } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEnvironment } from '../src/create-environment.js';
import { openDataSet } from '../src/data/open-data-set.js';
import { runEpisode } from '../src/run-episode.js';
import { ArsRun } from '../src/training/ars-run.js';
import { collectFromRun } from '../src/training/collect-from-run.js';
import { linearAgent } from '../src/training/linear-policy.js';
import { trainArs } from '../src/training/train-ars.js';
import { contents, settings, shortRun } from './short-run.js';

let folder: string;
let run: ArsRun;
beforeAll(async () => {
  ({ folder, run } = await shortRun());
});
afterAll(() => rm(folder, { recursive: true }));

describe('trainArs', () => {
  it('stops when asked, and goes on later', async () => {
    const other = join(folder, 'stopped');
    const options = { ...settings, folder: other, steps: 400, workers: 0 };
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    const stopped = trainArs({ ...options, signal: controller.signal, onProgress });
    await expect(stopped).rejects.toThrow(/abort/i);
    expect((await ArsRun.open(other)).last).toBe(1);
    await trainArs(options);
    expect(await contents(other)).toEqual(await contents(run.folder));
  });

  it('evaluates what the policy in the same file reaches', async () => {
    const [first] = await run.evaluations();
    expect(first!.iteration).toBe(2);
    expect(first!.evaluation).toMatchObject({ episodes: 2, failed: 0 });
    const environment = await createEnvironment(settings.environment);
    const { return: reached } = runEpisode(environment, linearAgent(first!.policy), 123);
    expect(reached).toBeGreaterThan(0);
    environment.release();
  });

  it('refuses other settings for the same folder, and what it cannot use', async () => {
    const options = { ...settings, folder: run.folder, steps: 400, workers: 0 };
    const refused = (changed: object) =>
      expect(trainArs({ ...options, ...changed } as never)).rejects;
    await refused({ seed: 6 }).toThrow(/holds a run with other settings/);
    await refused({ best: 4 }).toThrow(/best: 4 is more than the 2 directions/);
    await refused({ noise: 0 }).toThrow(/noise: 0/);
    await refused({ steps: 0 }).toThrow(/steps: 0/);
    await refused({ stepsize: 1 }).toThrow(/stepsize/);
    await refused({ workers: -1 }).toThrow(/workers: -1/);
  });

  it('sees every flipped bit of a run', async () => {
    const other = join(folder, 'flipped');
    await trainArs({ ...settings, folder: other, steps: 1, workers: 0 });
    const all = async () => {
      const opened = await ArsRun.open(other);
      const { policy, steps, failed } = await opened.read(opened.last);
      const { environment, ...numbers } = opened.settings;
      const read = Object.keys(settings).map((name) => [name, numbers[name as 'seed']]);
      return [environment, read, opened.last, policy, steps, failed];
    };
    await expectFlipsSeen(join(other, 'iteration-000001.json'), all);
    await expectFlipsSeen(join(other, 'run.json'), all);
  });

  it('names a file that is damaged', async () => {
    const other = join(folder, 'damaged');
    await trainArs({ ...settings, folder: other, steps: 1, workers: 0 });
    const first = join(other, 'iteration-000001.json');
    await writeFile(first, '{"iteration":1');
    await expect((await ArsRun.open(other)).read(1)).rejects.toThrow(FileFormatError);
    await writeFile(first, '{"iteration":1,"policy":{"weights":[null]}}');
    await expect((await ArsRun.open(other)).read(1)).rejects.toThrow(/iteration-000001.json/);
    await expect(ArsRun.open(join(folder, 'none'))).rejects.toThrow(/cannot be read/);
  });
});

describe('collectFromRun', () => {
  it('replays every episode of the training', async () => {
    const options = { run: run.folder, style: 'replay', steps: 1e6, workers: 0 } as const;
    const { path, info } = await collectFromRun({ ...options, out: folder });
    const { steps } = await run.read(run.last);
    expect(info).toMatchObject({ steps, failed: 0, episodes: run.last * 4 });
    const data = await openDataSet(path);
    let total = 0;
    for await (const { rewards } of data.episodes()) {
      total += rewards.reduce((sum, reward) => sum + reward, 0);
    }
    await data.close();
    expect(total / info.episodes).toBeCloseTo(info.returns.mean, 3);
    expect(path).toMatch(/hopper-replay-\d+(\.\d{3})?\.safetensors$/);
  });

  it('collects medium and expert data, the same each time', async () => {
    for (const style of ['medium', 'expert'] as const) {
      const options = { run: run.folder, style, steps: 60, seed: 2, workers: 0 };
      const first = await collectFromRun({ ...options, out: join(folder, 'a') });
      const second = await collectFromRun({ ...options, out: join(folder, 'b') });
      expect(await readFile(second.path)).toEqual(await readFile(first.path));
      expect(first.info.steps).toBeGreaterThanOrEqual(60);
      expect(first.info.name).toMatch(new RegExp(`^hopper-${style}-`));
    }
  });

  it('refuses runs that were never evaluated and unknown styles', async () => {
    const other = join(folder, 'young');
    await trainArs({ ...settings, folder: other, steps: 1, workers: 0 });
    const options = { run: other, steps: 10, out: folder, workers: 0 };
    await expect(collectFromRun({ ...options, style: 'expert' })).rejects.toThrow(
      /never evaluated/,
    );
    await expect(collectFromRun({ ...options, style: 'best' as never })).rejects.toThrow(/'best'/);
  });
});
