import { isBetter, rankedFitness } from '@namm/evolve';
import { describe, expect, it } from 'vitest';
import { baselinesOf, type FitnessSettings, fitnessOf, type PromptResult } from './fitness.js';
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
    // One of 8 questions is 0.125, the candidate's mean as well.
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

describe('the floor of a size pressure', () => {
  const pressed = { kind: 'probability-gain', sizePressure: 0.4 } as const;

  /** Twelve prompts of which a contender answers the first ones, with a share of the cache. */
  const answers = (right: number, keptShare: number): TextScore[] =>
    Array.from({ length: 12 }, (_, i) => ({
      ...scored(i < right ? 1 : 0, i < right ? -0.1 : -4, keptShare),
      keptAtAnswer: keptShare,
    }));
  const classic = answers(2, 0.25);
  const judged = (candidate: readonly TextScore[], settings: FitnessSettings = pressed) =>
    fitnessOf(
      answers(4, 1).map((full, i) => ({
        ...{ task: 'a', questions: 1, score: candidate[i]! },
        baselines: Object.fromEntries(
          baselinesOf(settings).map((name) => [
            name,
            name === 'full' ? full : { ...classic[i]!, keptAtAnswer: Number(name.split(' ')[1]) },
          ]),
        ),
      })),
      settings,
    );
  const forgetful = answers(0, 0.04);
  const careful = answers(4, 0.9);

  it('ranks who forgets everything below who answers, which fitness alone does not', () => {
    expect(judged(forgetful).fitness).toBeGreaterThan(judged(careful).fitness);
    expect(isBetter(judged(forgetful), judged(careful))).toBe(false);
    expect(isBetter(judged(careful), judged(forgetful))).toBe(true);
    expect(isBetter(judged(answers(4, 1)), judged(forgetful))).toBe(true);
    const [told, ofForgetful] = rankedFitness([judged(careful), judged(forgetful)]);
    expect(told).toBe(judged(careful).fitness);
    expect(ofForgetful).toBeLessThan(told!);
    const free = { ...pressed, floor: null };
    expect(isBetter(judged(forgetful, free), judged(careful, free))).toBe(true);
  });

  it('names what is demanded and what is missing', () => {
    const { shortfall, measures } = judged(answers(1, 0.5));
    expect(measures!.floor).toBeGreaterThan(measures!.answers!);
    expect(shortfall).toBeCloseTo(measures!.floor! - measures!.answers!, 12);
    expect(judged(careful).shortfall).toBe(0);
    expect(judged(answers(4, 1)).shortfall).toBe(0); // the full cache is always enough
  });

  it('takes no lucky guess at probabilities for an answer', () => {
    // As probable as what the floor demands, and nothing right.
    const vague = Array.from({ length: 12 }, () => ({
      ...scored(0, -0.5),
      keptAtAnswer: 0.5,
    }));
    expect(judged(vague).measures!.answers).toBeGreaterThan(judged(vague).measures!.floor!);
    expect(judged(vague).shortfall).toBeCloseTo(1 / 12, 12);
  });

  it('is there with a size pressure only, unless it is asked for', () => {
    expect(baselinesOf({ kind: 'score', sizePressure: 0 })).toEqual(['full']);
    expect(baselinesOf(pressed)).toHaveLength(7);
    const floor = { policies: ['keydiff'], shares: [0.3] };
    expect(baselinesOf({ kind: 'score', sizePressure: 0, floor })).toEqual(['full', 'keydiff 0.3']);
  });

  it('prefers nobody who keeps less where nothing is answered', () => {
    const nothing = (keptShare: number) =>
      judged(answers(0, keptShare), { kind: 'score', sizePressure: 0 });
    expect(isBetter(nothing(0.1), nothing(0.9))).toBe(false);
    expect(nothing(0.1).fitness).toBe(nothing(0.9).fitness);
  });
});
