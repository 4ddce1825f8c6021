import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { chineseWords } from './chinese-words.js';
import { longBenchMetrics } from './longbench-metrics.js';
import { pythonInt } from './python-text.js';
import { allQuirks } from './quirks.js';
import { rougeLSum } from './rouge-l-sum.js';

type Scored = readonly (readonly [prediction: string, answer: string, score: number])[];

/** Made by `recipes/official-scores` with python rouge, fuzzywuzzy, rouge-score, jieba and Python 3.11. */
const recorded = JSON.parse(
  readFileSync(new URL('__fixtures__/library-scores.json', import.meta.url), 'utf8'),
) as {
  readonly rouge: Scored;
  readonly rougeLSum: Scored;
  readonly code: Scored;
  readonly words: readonly (readonly [string, readonly string[]])[];
  readonly integers: readonly (readonly [string, number | null])[];
};
const context = { quirks: allQuirks, words: chineseWords };

const metrics = {
  rouge: (prediction: string, answer: string) =>
    longBenchMetrics.rouge_score(prediction, answer, context),
  rougeLSum,
  code: (prediction: string, answer: string) =>
    longBenchMetrics.code_sim_score(prediction, answer, context),
};

it.each(Object.entries(metrics))('%s of random texts is that of the library', (name, metric) => {
  const rows = recorded[name as keyof typeof metrics];
  expect(rows.length).toBeGreaterThan(100);
  for (const [prediction, answer, score] of rows) {
    const difference = Math.abs(metric(prediction, answer) - score);
    expect(difference, JSON.stringify([prediction, answer])).toBeLessThan(1e-9);
  }
});

it('cuts random Chinese with Latin words, signs and rare characters as jieba', () => {
  for (const [text, words] of recorded.words) expect(chineseWords(text)).toEqual(words);
});

it('reads integers in digits of any script', () => {
  for (const [text, value] of recorded.integers) {
    const read = pythonInt(text);
    expect(read === null ? null : read + 0, JSON.stringify(text)).toBe(value); // -0 is 0 there
  }
});
