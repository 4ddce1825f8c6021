import { Random } from '@namm/core';
import { mean } from '@namm/statistics';
import { describe, expect, it } from 'vitest';
import { compareScores, differScores } from './compare-scores.js';
import { chooseFamilies, drawPrompts, familyMeans } from './family-means.js';
import { ratioOverSeeds } from './summarise-seeds.js';

const random = new Random(1);
const prompts = (count: number, chance: number) =>
  Array.from({ length: count }, () => (random.uniform() < chance ? 1 : 0));
const scoresOf = (easy: number, hard: number) =>
  new Map([
    ['easy', prompts(40, easy)],
    ['hard', prompts(30, hard)],
  ]);
const own = scoresOf(0.9, 0.6);
const full = scoresOf(0.95, 0.4);
const oracle = scoresOf(1, 0.9);
const draws = drawPrompts([40, 30], 400, 7);
const [ownMeans, fullMeans, oracleMeans] = [own, full, oracle].map((s) => familyMeans(s, draws));

/** The statistic of each resample from the scores themselves, sorted; and both ends of its middle 95 %. */
function slowEnds(statistic: (of: (scores: typeof own, family: string) => number) => number) {
  const values = draws.map((drawn) =>
    statistic((scores, family) => {
      const indices = [...drawn[family === 'easy' ? 0 : 1]!];
      return mean(indices.map((i) => scores.get(family)![i]!));
    }),
  );
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const at = (probability: number) => {
    const rank = probability * (sorted.length - 1);
    const [low, high] = [sorted[Math.floor(rank)]!, sorted[Math.ceil(rank)]!];
    return low + (high - low) * (rank % 1);
  };
  return { lower: at(0.025), upper: at(0.975) };
}

describe('compareScores', () => {
  it('has the intervals that slow resampling of the scores gives', () => {
    const result = compareScores(ownMeans!, fullMeans!, oracleMeans!);
    const exact = (of: (scores: typeof own, family: string) => number, scores: typeof own) =>
      (of(scores, 'easy') + of(scores, 'hard')) / 2;
    const expected = {
      exactMatch: slowEnds((of) => exact(of, own)),
      ratio: slowEnds((of) => exact(of, own) / exact(of, full)),
      macro: slowEnds(
        (of) => (of(own, 'easy') / of(full, 'easy') + of(own, 'hard') / of(full, 'hard')) / 2,
      ),
      gapClosed: slowEnds((of) => {
        const gap = exact(of, oracle) - exact(of, full);
        return gap > 0 ? (exact(of, own) - exact(of, full)) / gap : Number.NaN;
      }),
    };
    for (const [name, { lower, upper }] of Object.entries(expected)) {
      const interval = result[name as keyof typeof expected]!;
      expect(interval.lower, name).toBeCloseTo(lower, 10);
      expect(interval.upper, name).toBeCloseTo(upper, 10);
      expect(interval.lower).toBeLessThan(interval.estimate);
      expect(interval.estimate).toBeLessThan(interval.upper);
    }
  });

  it('leaves out of the macro score what the full cache cannot do at all', () => {
    const none = new Map([
      ['easy', full.get('easy')!],
      ['hard', full.get('hard')!.map(() => 0)],
    ]);
    const result = compareScores(ownMeans!, familyMeans(none, draws), null);
    expect(result.leftOut).toEqual(['hard']);
    const alone = compareScores(
      chooseFamilies(ownMeans!, (family) => family === 'easy'),
      chooseFamilies(fullMeans!, (family) => family === 'easy'),
      null,
    );
    expect(result.macro).toEqual(alone.macro);
    expect(result.gapClosed).toBeNull();
    const zero = new Map([...none].map(([family, list]) => [family, list.map(() => 0)]));
    expect(compareScores(ownMeans!, familyMeans(zero, draws), null)).toMatchObject({
      ratio: null,
      macro: null,
      leftOut: ['easy', 'hard'],
    });
    expect(compareScores(ownMeans!, oracleMeans!, fullMeans!).gapClosed).toBeNull();
  });
});

describe('differScores', () => {
  it('pairs the prompts: a difference on every prompt has no interval', () => {
    const lower = new Map([...own].map(([family, list]) => [family, list.map((s) => s - 0.25)]));
    const { difference, p } = differScores(ownMeans!, familyMeans(lower, draws));
    for (const value of Object.values(difference)) expect(value).toBeCloseTo(0.25, 12);
    expect(p).toBe(2 / 401);
  });
});

describe('ratioOverSeeds', () => {
  it('is the ratio of means when there is one model and one evolution', () => {
    const groups = [{ full: fullMeans!, evolved: [ownMeans!] }];
    const { ratio } = compareScores(ownMeans!, fullMeans!, null);
    expect(ratioOverSeeds(groups, { seed: 1 })).toEqual(ratio);
    const isChosen = (family: string) => family === 'hard';
    const hard = compareScores(
      chooseFamilies(ownMeans!, isChosen),
      chooseFamilies(fullMeans!, isChosen),
      null,
    );
    expect(ratioOverSeeds(groups, { seed: 1, isChosen })).toEqual(hard.ratio);
  });

  it('is uncertain about models and evolutions, too', () => {
    // Every prompt scores alike, so all of the interval comes from models and evolutions.
    const constant = (value: number) =>
      familyMeans(
        new Map([...own].map(([family, list]) => [family, list.map(() => value)])),
        draws,
      );
    const groups = [
      { full: constant(0.5), evolved: [constant(0.5), constant(0.6)] },
      { full: constant(0.4), evolved: [constant(0.6), constant(0.8)] },
    ];
    const { estimate, lower, upper } = ratioOverSeeds(groups, { seed: 2 });
    expect(estimate).toBeCloseTo((0.55 + 0.7) / 2 / 0.45, 12);
    // Both ends happen in one of 64 draws: the first model twice at its worst, the second at its best.
    expect(lower).toBeLessThanOrEqual(1.1 + 1e-12);
    expect(lower).toBeGreaterThanOrEqual(1);
    expect(upper).toBeGreaterThanOrEqual(1.75 - 1e-12);
    expect(upper).toBeLessThanOrEqual(2 + 1e-12);
  });
});
