import { expect, it } from 'vitest';
import { formatSpoken } from './format-spoken.js';
import { summariseSpoken } from './summarise-spoken.js';

const result = (family: string, ...questions: number[]) => {
  return { family, keptShare: 1, questions, logProbabilities: questions.map(() => -1) };
};

it('counts against the full cache, of all families and of those that it knows', () => {
  const summary = summariseSpoken([
    { name: 'full', budget: '100%', prompts: [result('code', 1, 1), result('trade', 1, 0)] },
    { name: 'other', budget: '25%', prompts: [result('code', 0, 1), result('trade', 1, 1)] },
  ]);
  expect(summary.all.rows[1]).toMatchObject({
    ...{ prompts: 2, questions: 4, right: 3, lost: 1, won: 1 },
    againstFull: { estimate: 1 },
  });
  expect(summary.known!.families).toEqual(['code']);
  expect(summary.known!.rows.map(({ right, questions }) => [right, questions])).toEqual([
    [2, 2],
    [1, 2],
  ]);
  expect(summary.known!.rows[1]!.againstFull!.estimate).toBe(0.5);
  const text = formatSpoken(summary);
  expect(text).toContain('2 prompts: code, trade.');
  expect(text).toMatch(/other +25% +1\/2 +50 %/);
});

it('has no ratio to a cache that answers nothing', () => {
  const prompts = [result('code', 0, 0)];
  const { all, known } = summariseSpoken([
    { name: 'full', budget: '100%', prompts },
    { name: 'other', budget: '25%', prompts: [result('code', 1, 0)] },
  ]);
  expect([all.rows[1]!.againstFull, all.rows[1]!.won, known]).toEqual([null, 1, null]);
  expect(formatSpoken({ all, known })).toContain('–');
});
