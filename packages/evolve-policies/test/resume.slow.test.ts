import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GenerationRecord } from '@namm/evolve';
import { type FreshBundle, freshBundle } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evolvePolicy, textEvaluator } from '../src/index.js';
import { testPrompts, testSettings } from './setup.js';

const folder = mkdtempSync(join(tmpdir(), 'namm-resume-'));
const settings = testSettings({ populationSize: 4 });
let bundle: FreshBundle;

beforeAll(async () => {
  bundle = await freshBundle({ run: join(import.meta.dirname, 'killed-run.ts') });
  const evaluator = await textEvaluator(settings);
  const prompts = await testPrompts();
  const run = join(folder, 'whole');
  const { isComplete } = await evolvePolicy({ folder: run, settings, evaluator, prompts });
  expect(isComplete).toBe(true);
  await evaluator.close();
}, 120_000);
afterAll(async () => {
  await bundle.remove();
  rmSync(folder, { recursive: true });
});

/** What is the same in every run: not the seconds, nor the checksum over them. */
function log(run: string): Omit<GenerationRecord, 'seconds'>[] {
  const lines = readFileSync(join(run, 'log.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => ({
    ...(JSON.parse(line) as GenerationRecord),
    seconds: null,
    checksum: null,
  }));
}

async function expectTheSame(run: string): Promise<void> {
  const whole = join(folder, 'whole');
  expect(log(run)).toEqual(log(whole));
  for (const name of ['state.safetensors', 'best.safetensors', 'mean.safetensors']) {
    expect(readFileSync(join(run, name))).toEqual(readFileSync(join(whole, name)));
  }
}

/** Runs until so many slices are done, then kills the process. @returns whether it came to its end before */
async function killAfter(run: string, slices: number): Promise<boolean> {
  const child = spawn(process.execPath, [bundle.file('run'), run], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = 0;
  child.stdout.on('data', (text: Buffer) => {
    said += text.toString().split('\n').length - 1;
    if (said >= slices) child.kill('SIGKILL');
  });
  const [code] = await new Promise<[number | null]>((resolve) => {
    child.on('exit', (exitCode) => resolve([exitCode]));
  });
  return code === 0;
}

describe('a run that is killed', () => {
  it('goes on to the same bits, however often it is killed, without a line that was cut off', {}, async () => {
    const run = join(folder, 'killed');
    let kills = 0;
    while (!(await killAfter(run, [1, 2, 1, 2][kills] ?? Number.POSITIVE_INFINITY))) {
      kills++;
      appendFileSync(join(run, 'log.jsonl'), '{"generation":99,"candidates":[{"fit');
    }
    expect(kills).toBe(4);
    await expectTheSame(run);
    const left = readdirSync(run).filter((name) => name.endsWith('.lock'));
    expect(left).toEqual([]);
  });

  it('goes on after a stop, from the slices that were done', {}, async () => {
    const run = join(folder, 'stopped');
    const evaluator = await textEvaluator(settings);
    const prompts = await testPrompts();
    for (let stops = 0; ; stops++) {
      const stop = new AbortController();
      const { isComplete } = await evolvePolicy({
        ...{ folder: run, settings, evaluator, prompts, signal: stop.signal },
        onProgress: () => {
          if (stops < 3) stop.abort();
        },
      });
      if (isComplete) break;
    }
    await evaluator.close();
    await expectTheSame(run);
  });
});
