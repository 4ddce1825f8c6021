import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileFormatError, InvalidArgumentError } from '@namm/core';
import { openSafetensors, writeSealedFile } from '@namm/tensors';
import { expectFlipsSeen } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryTask } from '../src/create-environment.js';
import { type DataSet, openDataSet } from '../src/data/open-data-set.js';
import { openEpisodes } from '../src/data/open-episodes.js';
import { recordEpisode } from '../src/data/record-episode.js';
import { writeDataSet } from '../src/data/write-data-set.js';
import { collectFromTask } from '../src/training/collect-from-task.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-data-'));
});
afterAll(() => rm(folder, { recursive: true }));

const environment = { name: 't-maze', length: 12 } as const;
const mixture = [
  { agent: 'oracle', share: 2 },
  { agent: 'memoryless', share: 1 },
  { agent: 'random', share: 1 },
] as const;

async function read(path: string) {
  const data = (await openEpisodes(path)) as DataSet;
  const episodes = [];
  for await (const episode of data.episodes()) episodes.push(episode);
  await data.close();
  return { info: data.info, episodes };
}

describe('collectFromTask', () => {
  it('writes a mixture of agents, named by the return that it reaches', async () => {
    const options = { environment, mixture, episodes: 200, seed: 3 };
    const { path, info } = await collectFromTask({ ...options, out: folder });
    const { episodes, info: stored } = await read(path);
    expect(stored).toEqual(info);
    expect(episodes).toHaveLength(200);
    expect(path).toContain(`t-maze-mixture-${info.returns.mean.toFixed(3)}.safetensors`);
    const returns = episodes.map(({ rewards }) => rewards.reduce((sum, reward) => sum + reward, 0));
    const mean = returns.reduce((sum, value) => sum + value, 0) / 200;
    expect(mean).toBeCloseTo(info.returns.mean, 9);
    // Two of four always, one of four half of the time: 0.625, within four standard errors.
    expect(Math.abs(mean - 0.625)).toBeLessThan(4 * Math.sqrt((0.625 * 0.375) / 200));
    const again = join(folder, 'again');
    const second = await collectFromTask({ ...options, out: again });
    expect(await readFile(second.path)).toEqual(await readFile(path));
    const other = await collectFromTask({ ...options, seed: 4, out: again });
    expect(await readFile(other.path)).not.toEqual(await readFile(path));
  });

  it('keeps other data of the same return', async () => {
    const out = join(folder, 'both');
    const oracle = [{ agent: 'oracle', share: 1 }] as const;
    const options = { environment, mixture: oracle, episodes: 3, out };
    const first = await collectFromTask({ ...options, seed: 0 });
    const second = await collectFromTask({ ...options, seed: 1 });
    expect(await collectFromTask({ ...options, seed: 0 })).toEqual(first);
    expect(second.path).toBe(join(out, 't-maze-mixture-1.000-2.safetensors'));
    expect((await read(first.path)).info.seed).toBe(0);
    expect((await read(second.path)).info.seed).toBe(1);
  });

  it('adds random actions as often as asked, which the data show', async () => {
    const repeat = { name: 'repeat-previous', length: 400, lag: 2 } as const;
    const part = { agent: 'oracle', share: 1, randomActions: 0.2 } as const;
    const options = { environment: repeat, mixture: [part], episodes: 10, seed: 0, out: folder };
    const { info } = await collectFromTask(options);
    // A fifth of the answers is random, and three of four of these are wrong: 1 − 2 · 0.15.
    expect(Math.abs(info.returns.mean - 0.7)).toBeLessThan(8 * Math.sqrt((0.15 * 0.85) / 3980));
  });

  it('can be stopped, and refuses what it cannot do', async () => {
    const options = {
      environment,
      mixture,
      episodes: 10_000,
      seed: 3,
      out: join(folder, 'stopped'),
    };
    const controller = new AbortController();
    const collecting = collectFromTask({
      ...options,
      signal: controller.signal,
      onProgress: ({ done }) => done === 100 && controller.abort(),
    });
    await expect(collecting).rejects.toThrow(/abort/i);
    await expect(readFile(options.out)).rejects.toThrow();
    const refused = (changed: object) =>
      expect(collectFromTask({ ...options, ...changed } as never)).rejects;
    await refused({ environment: { name: 'hopper' } }).toThrow(/hopper has no oracle/);
    await refused({ mixture: [] }).toThrow(/mixture/);
    await refused({ mixture: [{ agent: 'expert', share: 1 }] }).toThrow(/'expert' is not oracle/);
    await refused({ mixture: [{ agent: 'oracle', share: 0 }] }).toThrow(/share: 0/);
    await refused({ mixture: [{ agent: 'oracle', share: 1, random: 1 }] }).toThrow(/random/);
    await refused({ episode: 3 }).toThrow(/episode/);
  });
});

describe('openDataSet', () => {
  const task = createMemoryTask(environment);
  const { recorded } = recordEpisode(task, task.oracle(), 0);
  const info = {
    name: 't-maze-oracle-1.000',
    environment,
    collected: 'by hand',
    seed: 0,
    episodes: 1,
    steps: 13,
    failed: 0,
    returns: { mean: 1, minimum: 1, maximum: 1 },
    observationSize: 4,
    actionSize: 4,
    actions: 'discrete',
  } as const;

  it('gives back what was written', async () => {
    const path = join(folder, 'one.safetensors');
    await writeDataSet(path, [recorded!], info);
    const { episodes } = await read(path);
    expect(episodes).toEqual([{ ...recorded!, index: 0, finalObservation: null }]);
    await expectFlipsSeen(path, read);
  });

  it('refuses to write what does not fit', async () => {
    const path = join(folder, 'wrong.safetensors');
    const refused = (changed: object) =>
      expect(writeDataSet(path, [recorded!], { ...info, ...changed })).rejects;
    await refused({ steps: 12 }).toThrow(InvalidArgumentError);
    await refused({ observationSize: 5 }).toThrow(/episodes\[0\]/);
  });

  it('names what is wrong with a file', async () => {
    const path = join(folder, 'one.safetensors');
    await writeDataSet(path, [recorded!], info);
    const whole = await readFile(path);
    const cut = join(folder, 'cut.safetensors');
    await writeFile(cut, whole.subarray(0, whole.length - 8));
    await expect(openDataSet(cut)).rejects.toThrow(FileFormatError);
    const file = await openSafetensors(path);
    const tensors = new Map(
      await Promise.all(
        [...file.tensors.values()].map(async ({ name, shape, dtype }) => {
          const bytes = await file.readBytes(name);
          const data = dtype === 'F32' ? new Float32Array(bytes.slice().buffer) : bytes;
          return [name, { shape, data }] as const;
        }),
      ),
    );
    const metadata = Object.fromEntries(file.metadata);
    const write = (changed: typeof tensors, header: Record<string, string> = metadata) =>
      writeSealedFile(cut, changed, header);
    await write(tensors, {});
    await expect(openDataSet(cut)).rejects.toThrow(/not a data set of this package/);
    await write(tensors, { ...metadata, info: '{' });
    await expect(openDataSet(cut)).rejects.toThrow(/is not JSON/);
    await write(tensors, { ...metadata, info: '{}' });
    await expect(openDataSet(cut)).rejects.toThrow(/lacks steps/);
    const short = new Map(tensors).set('rewards', { shape: [12], data: new Float32Array(12) });
    await write(short);
    await expect(openDataSet(cut)).rejects.toThrow(/rewards is F32 \[12\] where F32 \[13\]/);
    const nan = new Map(tensors).set('rewards', {
      shape: [13],
      data: new Float32Array(13).fill(Number.NaN, 3),
    });
    await write(nan);
    await expect(read(cut)).rejects.toThrow(/rewards is NaN in row 3/);
    const lacking = new Map(tensors);
    lacking.delete('actions');
    await write(lacking);
    await expect(openDataSet(cut)).rejects.toThrow(/"actions"/);
  });
});
