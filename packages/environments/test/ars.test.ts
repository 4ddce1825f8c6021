import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FileFormatError } from '@namm/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEnvironment } from '../src/create-environment.js';
import { openDataSet } from '../src/data/open-data-set.js';
import { runEpisode } from '../src/run-episode.js';
import { ArsRun } from '../src/training/ars-run.js';
import { collectFromRun } from '../src/training/collect-from-run.js';
import { linearAgent } from '../src/training/linear-policy.js';
import { trainArs } from '../src/training/train-ars.js';
import { type FreshBundle, freshBundle } from './fresh-bundle.js';

let folder: string;
let bundle: FreshBundle;
/** A short run that all tests may read. */
let run: ArsRun;

const settings = {
  environment: { name: 'hopper' },
  seed: 5,
  directions: 2,
  best: 1,
  shift: 1,
  evaluateEvery: 2,
  evaluationEpisodes: 2,
} as const;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-ars-'));
  bundle = await freshBundle({
    worker: join(import.meta.dirname, '../src/worker.ts'),
    'killed-run': join(import.meta.dirname, 'killed-run.ts'),
  });
  run = await trainArs({ ...settings, folder: join(folder, 'run'), steps: 400, workers: 0 });
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await bundle.remove();
});

/** All files of a run, as text. */
async function contents(of: string): Promise<Record<string, string>> {
  const names = (await readdir(of)).filter((name) => name.endsWith('.json'));
  const texts = names.sort().map(async (name) => [name, await readFile(join(of, name), 'utf8')]);
  return Object.fromEntries(await Promise.all(texts)) as Record<string, string>;
}

describe('trainArs', () => {
  it('teaches the hopper to hop', async () => {
    const learnt = await trainArs({
      ...{ folder: join(folder, 'hop'), environment: { name: 'hopper' }, seed: 2, workers: 0 },
      ...{ steps: 11_000, stepSize: 0.01, noise: 0.025, shift: 1, evaluationEpisodes: 5 },
    });
    const [evaluated] = await learnt.evaluations();
    expect(evaluated!.evaluation.meanReturn).toBeGreaterThan(150); // a random policy gets 20
  }, 120_000);

  it('gives the same run in threads', async () => {
    const workerFile = bundle.file('worker');
    const other = join(folder, 'threads');
    const seen: number[] = [];
    await trainArs({
      ...{ ...settings, folder: other, steps: 400, workers: 2, workerFile },
      onProgress: ({ done, total }) => seen.push(done / total),
    });
    expect(await contents(other)).toEqual(await contents(run.folder));
    expect(seen.at(-1)).toBe(1);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
  });

  it('goes on exactly after its process was killed', async () => {
    const other = join(folder, 'killed');
    const options = { ...settings, folder: other, steps: 400, workers: 0 };
    const script = fileURLToPath(bundle.file('killed-run'));
    const child = spawn(process.execPath, [script, JSON.stringify({ ...options, steps: 1e9 })]);
    const ended = once(child, 'exit');
    while (!(await readdir(other).catch((): string[] => [])).includes('iteration-000003.json')) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    child.kill('SIGKILL');
    await ended;
    // What may come after the wanted end is of the longer training; a file that was half written has another name.
    for (const name of await readdir(other)) {
      if (name > 'iteration-000004.json' && name.startsWith('iteration'))
        await rm(join(other, name));
    }
    await trainArs(options);
    expect(await contents(other)).toEqual(await contents(run.folder));
  });

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

  it('says what a thread says, and when one ends', async () => {
    const options = { ...settings, folder: join(folder, 'lost'), steps: 1, workers: 1 };
    const workerFile = new URL('./absent.js', bundle.file('worker'));
    await expect(trainArs({ ...options, workerFile })).rejects.toThrow(/a worker thread has ended/);
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

  it.each(['medium', 'expert'] as const)('collects %s data, the same in threads', async (style) => {
    const options = { run: run.folder, style, steps: 60, seed: 2 };
    const first = await collectFromRun({ ...options, out: join(folder, 'a'), workers: 0 });
    const workerFile = bundle.file('worker');
    const other = { ...options, out: join(folder, 'b'), workers: 2, workerFile };
    const second = await collectFromRun(other);
    expect(await readFile(second.path)).toEqual(await readFile(first.path));
    expect(first.info.steps).toBeGreaterThanOrEqual(60);
    expect(first.info.name).toMatch(new RegExp(`^hopper-${style}-`));
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
