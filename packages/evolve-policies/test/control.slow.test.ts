import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AgentPlayer, type PlayedEpisode } from '@namm/control';
import { namm, readCheckpoint } from '@namm/namm';
import { type FreshBundle, freshBundle } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ControlAssessorSettings,
  controlEvaluator,
  evolveOnControl,
  trainableSettings,
} from '../src/index.js';
import { controlRun, writeAgent } from './control-setup.js';

const folder = mkdtempSync(join(tmpdir(), 'namm-control-'));
const agent = join(folder, 'agent');
const whole = join(folder, 'whole');
let bundle: FreshBundle;

beforeAll(async () => {
  await writeAgent(agent);
  bundle = await freshBundle({
    run: join(import.meta.dirname, 'killed-control.ts'),
    worker: join(import.meta.dirname, '..', 'src', 'worker.ts'),
  });
  expect((await evolveOnControl(controlRun(whole, agent))).isComplete).toBe(true);
}, 120_000);
afterAll(async () => {
  await bundle.remove();
  rmSync(folder, { recursive: true });
});

const log = (run: string) =>
  readFileSync(join(run, 'log.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => ({ ...JSON.parse(line), seconds: null, checksum: null }));

/** Runs until so many slices are done, then kills the process. @returns whether it came to its end before */
async function killAfter(run: string, slices: number): Promise<boolean> {
  const child = spawn(process.execPath, [bundle.file('run'), run, agent], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = 0;
  child.stdout.on('data', (text: Buffer) => {
    said += text.toString().split('\n').length - 1;
    if (said >= slices) child.kill('SIGKILL');
  });
  return new Promise((resolve) => child.on('exit', (code) => resolve(code === 0)));
}

describe('evolution on episodes', () => {
  it('goes on to the same bits, however often it is killed', async () => {
    const run = join(folder, 'killed');
    let kills = 0;
    while (!(await killAfter(run, [1, 3][kills] ?? Number.POSITIVE_INFINITY))) kills++;
    expect(kills).toBe(2);
    expect(log(run)).toEqual(log(whole));
    for (const name of ['state.safetensors', 'best.safetensors', 'mean.safetensors']) {
      expect(readFileSync(join(run, name))).toEqual(readFileSync(join(whole, name)));
    }
  });

  it('judges what episodes of its policies are', async () => {
    const checkpoint = await readCheckpoint(join(whole, 'best.safetensors'));
    const { settings, validation, generation } = checkpoint.provenance as {
      settings: { returnScale: number };
      validation: { measures: Record<string, number> };
      generation: number;
    };
    expect(settings.returnScale).toBe(1);
    const policy = namm(checkpoint);
    const environment = { name: 't-maze', length: 12 } as const;
    const player = await AgentPlayer.open({ agent, environment, probe: policy.probe });
    const played: PlayedEpisode[] = [];
    for (const seed of [0, 1, 2, 3]) played.push(await player.play({ policy }, 2_000_000 + seed));
    await player.release();
    const mean = (of: (each: PlayedEpisode) => number) =>
      played.reduce((sum, each) => sum + of(each), 0) / played.length;
    expect(validation.measures.return).toBeCloseTo(
      mean((each) => each.return),
      9,
    );
    expect(validation.measures.rowsPerHead).toBeCloseTo(
      mean((each) => each.rowsPerHead.mean),
      9,
    );
    expect(generation).toBeLessThanOrEqual(3);
  });

  it('gives the same bits in worker threads', async () => {
    const trainable = trainableSettings('linear', 16);
    const environment = { name: 't-maze', length: 12 } as const;
    const settings: ControlAssessorSettings = { agent, episode: {}, trainable, environment };
    const workerFile = pathToFileURL(bundle.file('worker'));
    const [here, there] = [
      await controlEvaluator(settings),
      await controlEvaluator(settings, { workers: 2, workerFile }),
    ];
    const units = [5, 6].map((seed) => ({ environment, seed }));
    const prepared = await here.prepare({ episodes: units, scope: 'shared' });
    expect(await there.prepare({ episodes: units, scope: 'shared' })).toEqual(prepared);
    const contenders = ['full', new Float64Array(26), Float64Array.from({ length: 26 }, Math.sin)];
    const slice = { id: 'one', prepared, units, contenders };
    const scores = await here.evaluate(slice);
    expect(await there.evaluate(slice)).toEqual(scores);
    expect(scores.map((row) => row.length)).toEqual([3, 3]);
    expect(scores[0]![1]).toEqual(scores[0]![0]); // 0 keeps everything
    const odd = { ...slice, contenders: ['empty'] };
    expect((await here.evaluate(odd))[0]![0]).toMatchObject({
      failed: expect.stringContaining('not a baseline'),
    });
    await Promise.all([here.close(), there.close()]);
  });

  it('refuses what it cannot use, and a folder of another run', async () => {
    const attempt = (more: object, run = join(folder, 'none')) =>
      evolveOnControl({ ...controlRun(run, agent), ...more } as never);
    await expect(attempt({ fitness: { sizePressure: -1, tolerance: 0 } })).rejects.toThrow(
      'sizePressure',
    );
    await expect(attempt({ episodes: 3 })).rejects.toThrow('episodes');
    await expect(attempt({ stages: [{ generations: 1, episodes: 0 }] })).rejects.toThrow(
      'episodes',
    );
    await expect(attempt({ normaliser: { scope: 'start', episodes: 1 } })).rejects.toThrow('start');
    await expect(attempt({ agent: folder })).rejects.toThrow('environment');
    await expect(attempt({ sigma: 0.4 }, whole)).rejects.toThrow('sigma');
  });
});
