import { InvalidArgumentError, Random } from '@namm/core';
import { describe, expect, it } from 'vitest';
import { mean } from './mean.js';
import {
  bootstrapPValue,
  type DrawnGroup,
  type DrawnStrata,
  nested,
  resampledInterval,
  strata,
} from './resampling.js';

const scores = [
  [1, 0, 1],
  [0.5, 1],
];
const macro = (drawn: DrawnStrata) =>
  mean(drawn.map((indices, stratum) => mean([...indices].map((i) => scores[stratum]![i]!))));

/** All equally likely draws with replacement of `size` indices. */
function allDraws(size: number): number[][] {
  let draws: number[][] = [[]];
  for (let i = 0; i < size; i++) {
    draws = draws.flatMap((draw) => Array.from({ length: size }, (_, next) => [...draw, next]));
  }
  return draws;
}

describe('strata', () => {
  it('has the distribution that listing every possible resample gives', () => {
    const exact = allDraws(3)
      .flatMap((first) =>
        allDraws(2).map((second) => macro([first, second].map((d) => Uint32Array.from(d)))),
      )
      .sort((a, b) => a - b);
    const { estimate, lower, upper } = resampledInterval(strata([3, 2]), macro, {
      seed: 4,
      resamples: 20_000,
      level: 0.9,
    });
    expect(estimate).toBeCloseTo((2 / 3 + 0.75) / 2, 12);
    // 108 outcomes; the 5 % ends lie inside steps of the distribution, not at their edges.
    expect(lower).toBeCloseTo(exact[Math.floor(0.05 * exact.length)]!, 12);
    expect(upper).toBeCloseTo(exact[Math.floor(0.95 * exact.length)]!, 12);
  });

  it('draws each stratum from itself, in its own size', () => {
    const { whole, draw } = strata([3, 2]);
    expect(whole.map((indices) => [...indices])).toEqual([
      [0, 1, 2],
      [0, 1],
    ]);
    const random = new Random(1);
    const seen = new Set<string>();
    for (let i = 0; i < 200; i++) {
      const [first, second] = draw(random);
      expect([first!.length, second!.length]).toEqual([3, 2]);
      expect(Math.max(...second!)).toBeLessThan(2);
      seen.add(`${first}/${second}`);
    }
    expect(seen.size).toBeGreaterThan(80); // of 108
  });

  it('leaves out what says nothing, and refuses empty strata', () => {
    const onlyMixed = ([drawn]: DrawnStrata) => (new Set(drawn!).size === 1 ? Number.NaN : 5);
    expect(resampledInterval(strata([2]), onlyMixed, { seed: 1 })).toEqual({
      estimate: 5,
      lower: 5,
      upper: 5,
    });
    for (const sizes of [[], [3, 0], [1.5]]) {
      expect(() => strata(sizes)).toThrow(InvalidArgumentError);
      expect(() => nested(sizes)).toThrow(InvalidArgumentError);
    }
    expect(() => resampledInterval(strata([2]), macro, { seed: 1, level: 1 })).toThrow(
      InvalidArgumentError,
    );
  });
});

describe('nested', () => {
  it('has the variance between and within groups that theory gives', () => {
    // Two groups of two: the mean of a draw is the mean of two group means, each of two members.
    const values = [
      [0, 4],
      [10, 14],
    ];
    const statistic = (groups: readonly DrawnGroup[]) =>
      mean(groups.map(({ group, members }) => mean([...members].map((i) => values[group]![i]!))));
    const { whole, draw } = nested([2, 2]);
    expect(statistic(whole)).toBe(7);
    const random = new Random(2);
    const drawn = Array.from({ length: 40_000 }, () => statistic(draw(random)));
    const average = mean(drawn);
    const variance = mean(drawn.map((value) => (value - average) ** 2));
    // Between groups 25, within 4 / 2 = 2; half of their sum for a mean of two.
    expect(average).toBeCloseTo(7, 1);
    expect(Math.abs(variance - 13.5)).toBeLessThan(0.3); // standard error 0.07
  });
});

describe('bootstrapPValue', () => {
  const ofMean = (values: readonly number[]) => {
    const random = new Random(3);
    const { draw } = strata([values.length]);
    const statistic = () => mean([...draw(random)[0]!].map((i) => values[i]!));
    return bootstrapPValue(Array.from({ length: 10_000 }, statistic));
  };

  it('is that of the exact distribution', () => {
    // The mean of three draws from {−1, 2, 2} is ≤ 0 when at least two are −1: 7 of 27.
    expect(Math.abs(ofMean([-1, 2, 2]) - 14 / 27)).toBeLessThan(0.03); // standard error 0.009
  });

  it('is small, never 0, for a clear difference of either sign, and 1 for none', () => {
    const clear = [1, 2, 1, 3, 2, 1, 2, 3];
    expect(ofMean(clear)).toBe(2 / 10_001);
    expect(ofMean(clear.map((value) => -value))).toBe(2 / 10_001);
    expect(ofMean([0, 0, 0])).toBe(1);
    expect(ofMean([1, -1])).toBe(1);
    expect(bootstrapPValue([])).toBe(1);
    expect(bootstrapPValue([Number.NaN, 1, 1, 1])).toBe(0.5);
  });
});
