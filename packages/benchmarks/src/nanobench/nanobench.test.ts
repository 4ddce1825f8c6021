import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError } from '@namm/core';
import { tova } from '@namm/kv-cache';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecallModel, WordTokenizer } from '../../test/recall-model.js';
import { testFiller } from '../../test/test-filler.js';
import { fullContender } from '../table/contender.js';
import { ResultStore } from '../table/result-store.js';
import { formatNanobench } from './format-nanobench.js';
import { commonUpdateInterval, evolvedFamiliesOf } from './nanobench-entries.js';
import type { LearnedContender, NanobenchEntry, NanobenchModel } from './nanobench-model.js';
import { runNanobench } from './run-nanobench.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-nanobench-'));
});
afterAll(() => rm(folder, { recursive: true }));

const model: NanobenchModel = {
  ...{ name: 'recall', version: '1', trainedLength: 128, tokenizer: new WordTokenizer() },
  loadModel: async (_, { probe, chunkSize }) => new RecallModel(4000, chunkSize, probe),
};
const learnedOf = (updateInterval: number, evolvedFamilies: string[]): LearnedContender => ({
  ...{ name: 'learned', version: '1', probe: fullContender.probe, updateInterval, evolvedFamilies },
  own: () => tova({ budget: 32 }),
  random: () => fullContender,
});
const entryOf = (...learned: LearnedContender[]): NanobenchEntry => {
  return { model, learned, others: [] };
};

describe('what the learned policies have in common', () => {
  it('is the families that any was evolved on, in the order of the families', () => {
    const entries = [entryOf(learnedOf(64, ['votes', 'key-value'])), entryOf(learnedOf(64, []))];
    expect(evolvedFamiliesOf(entries)).toEqual(['key-value', 'votes']);
    expect(evolvedFamiliesOf([entryOf()])).toEqual([]);
  });

  it('is their interval, 64 where there are none', () => {
    expect(commonUpdateInterval([entryOf(learnedOf(32, [])), entryOf(learnedOf(32, []))])).toBe(32);
    expect(commonUpdateInterval([entryOf()])).toBe(64);
    const two = [entryOf(learnedOf(32, []), learnedOf(64, []))];
    expect(() => commonUpdateInterval(two)).toThrow(InvalidArgumentError);
    expect(() => commonUpdateInterval(two)).toThrow(/^checkpoints: decide every 32, 64 tokens/);
  });
});

it('prints the tables of a run, decoded answers with their ranking, at any width', async () => {
  const store = await ResultStore.open(join(folder, 'results.jsonl'));
  const models = [{ model, learned: [], others: [] }];
  const evolvedFamilies = ['key-value'];
  const { summaries, isComplete } = await runNanobench({
    ...{ store, models, evolvedFamilies, factors: [1], split: 'test', seed: 1, filler: testFiller },
    extensions: [() => ({ kind: 'ntk', alpha: 1, logitFactor: 1 })],
    ...{ placements: ['last'], families: ['single-document', 'key-value'], equal: [] },
    ...{ prompts: { teacherForced: 2, generated: 2 }, shares: [0.5], references: 1 },
    ...{ random: false, updateInterval: 16, batch: 2, onProgress() {} },
  });
  expect(isComplete).toBe(true);
  const context = { store, models, evolvedFamilies };
  const text = formatNanobench(summaries, context);
  const [forced, ...others] = text.split(/\n(?=### )/);
  expect(forced).toContain('recall');
  for (const name of ['full', 'oracle', 'h2o', 'sink-recent']) expect(forced).toContain(name);
  expect(others.join('\n')).toContain('EM, teacher-forced');
  const narrow = formatNanobench(summaries, context, { width: 60 });
  for (const line of narrow.split('\n').filter((line) => line.startsWith('|'))) {
    expect(line.length).toBeLessThanOrEqual(60);
  }
  expect(() => formatNanobench(summaries, { ...context, unknwon: 1 } as never)).toThrow('unknwon');
  await store.close();
});
