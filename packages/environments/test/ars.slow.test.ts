import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ArsRun } from '../src/training/ars-run.js';
import { collectFromRun } from '../src/training/collect-from-run.js';
import { trainArs } from '../src/training/train-ars.js';
import { type FreshBundle, freshBundle } from './fresh-bundle.js';
import { contents, settings, shortRun } from './short-run.js';

let folder: string;
let bundle: FreshBundle;
let run: ArsRun;
beforeAll(async () => {
  bundle = await freshBundle({
    worker: join(import.meta.dirname, '../src/worker.ts'),
    'killed-run': join(import.meta.dirname, 'killed-run.ts'),
  });
  ({ folder, run } = await shortRun());
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await bundle.remove();
});

describe('trainArs', () => {
  it('teaches the hopper to hop', async () => {
    const learnt = await trainArs({
      ...{ folder: join(folder, 'hop'), environment: { name: 'hopper' }, seed: 2, workers: 0 },
      ...{ steps: 11_000, stepSize: 0.01, noise: 0.025, shift: 1, evaluationEpisodes: 5 },
    });
    const [evaluated] = await learnt.evaluations();
    expect(evaluated!.evaluation.meanReturn).toBeGreaterThan(150); // a random policy gets 20
  });

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

  it('says what a thread says, and when one ends', async () => {
    const options = { ...settings, folder: join(folder, 'lost'), steps: 1, workers: 1 };
    const workerFile = new URL('./absent.js', bundle.file('worker'));
    await expect(trainArs({ ...options, workerFile })).rejects.toThrow(/a worker thread has ended/);
  });
});

describe('collectFromRun', () => {
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
});
