import { describe, expect, it } from 'vitest';
import { fitnessOf, type PromptResult } from './fitness.js';
import type { TextScore } from './text-score.js';

const scored = (score: number, logProbability = 0, keptShare = 1): TextScore => ({
  ...{ score, logProbability, probability: Math.exp(logProbability) },
  ...{ keptShare, keptAtAnswer: keptShare / 2 },
  ...{ bytesAtAnswer: 1, policyBytesAtAnswer: 1 },
});
const prompt = (task: string, score: TextScore, full: TextScore): PromptResult => ({
  ...{ task, questions: 4, score, baselines: { full } },
});
const score = { kind: 'score', sizePressure: 0 } as const;

describe('fitnessOf', () => {
  it('is the mean over tasks of task score over that of the full cache', () => {
    const results = [
      prompt('a', scored(1), scored(0.5)),
      prompt('a', scored(0), scored(0.5)),
      prompt('b', scored(0.75), scored(0.5)),
    ];
    const { fitness, tasks } = fitnessOf(results, score);
    expect(fitness).toBe((1 + 1.5) / 2); // 0.5 / 0.5 and 0.75 / 0.5
    expect(tasks!.a).toMatchObject({ score: 0.5, fullScore: 0.5 });
  });

  it('counts a full cache that has nothing right as if it had one question right', () => {
    const results = [
      prompt('a', scored(0.25), scored(0)),
      prompt('a', scored(0), scored(0)),
      prompt('b', scored(1), scored(1)),
    ];
    // One of 8 questions is 0.125, the member's mean as well.
    expect(fitnessOf(results, score).fitness).toBe((1 + 1) / 2);
    const none = results.map((result) => ({ ...result, score: scored(0) }));
    expect(fitnessOf(none, score).fitness).toBe(0);
  });

  it('is the gain in log-probability, minus the pressure on size', () => {
    const results = [
      prompt('a', scored(1, -0.5, 0.2), scored(1, -1)),
      prompt('b', scored(1, -2, 0.4), scored(1, -1)),
    ];
    const kind = 'log-probability-gain';
    expect(fitnessOf(results, { kind, sizePressure: 0 }).fitness).toBe((0.5 - 1) / 2);
    const pressed = fitnessOf(results, { kind, sizePressure: 2, floor: null });
    expect(pressed.fitness).toBeCloseTo(-0.25 - 2 * 0.3, 12);
    expect(pressed.measures).toMatchObject({
      keptShare: expect.closeTo(0.3),
      keptAtAnswer: expect.closeTo(0.15),
    });
  });

  it('is the gain in probability, in which a lost question costs no more than one', () => {
    const results = [
      prompt('a', scored(1, -30), scored(1, 0)),
      prompt('a', scored(1, 0), scored(1, -Math.LN2)),
    ];
    const gain = fitnessOf(results, { kind: 'probability-gain', sizePressure: 0 });
    expect(gain.fitness).toBeCloseTo((0 + 1) / 2 - (1 + 0.5) / 2, 12);
    const pressed = fitnessOf(results, {
      ...{ kind: 'probability-gain', sizePressure: 0.5, floor: null },
    });
    expect(pressed.fitness).toBeCloseTo(-0.75, 12);
  });
});
