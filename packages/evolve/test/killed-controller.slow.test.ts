import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FreshBundle, freshBundle } from '@namm/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { evolve, InProcessEvaluator } from '../src/index.js';
import { ControllerAssessor, controllerProblem, controllerSearch } from './controller.js';
import { expectSameRuns } from './same-runs.js';

const folder = mkdtempSync(join(tmpdir(), 'namm-killed-controller-'));
const whole = join(folder, 'whole');
let bundle: FreshBundle;

beforeAll(async () => {
  bundle = await freshBundle({
    run: join(import.meta.dirname, 'killed-controller.ts'),
    worker: join(import.meta.dirname, 'controller-worker.ts'),
  });
  const evaluator = new InProcessEvaluator(new ControllerAssessor());
  const common = { problem: controllerProblem(), search: controllerSearch };
  await evolve({ ...common, folder: whole, evaluator });
});
afterAll(async () => {
  await bundle.remove();
  rmSync(folder, { recursive: true });
});

/** Runs until so many slices are done, then kills the process. @returns whether it came to its end before */
async function killAfter(run: string, slices: number): Promise<boolean> {
  const child = spawn(process.execPath, [bundle.file('run'), run, bundle.file('worker')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = 0;
  child.stdout.on('data', (text: Buffer) => {
    said += text.toString().split('\n').length - 1;
    if (said >= slices) child.kill('SIGKILL');
  });
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
  return code === 0;
}

it('goes on in worker threads to the same bits, however often it is killed', async () => {
  const run = join(folder, 'killed');
  let kills = 0;
  while (!(await killAfter(run, [1, 3, 2, 4][kills] ?? Number.POSITIVE_INFINITY))) kills++;
  expect(kills).toBe(4);
  expectSameRuns(run, whole);
  expect(readdirSync(run).filter((name) => name.endsWith('.lock'))).toEqual([]);
});
