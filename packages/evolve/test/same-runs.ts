import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { GenerationRecord } from '../src/index.js';

/** What is the same in every run: not the seconds, nor the checksum over them. */
export function logOf(run: string): Omit<GenerationRecord, 'seconds'>[] {
  const lines = readFileSync(join(run, 'log.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => ({
    ...(JSON.parse(line) as GenerationRecord),
    seconds: null,
    checksum: null,
  }));
}

/** Whether two runs have the same files to the last byte. */
export function expectSameRuns(run: string, whole: string): void {
  for (const name of ['state.safetensors', 'best.json', 'mean.json', 'settings.json']) {
    expect(readFileSync(join(run, name)), name).toEqual(readFileSync(join(whole, name)));
  }
  expect(logOf(run)).toEqual(logOf(whole));
}
