import { describe, expect, it } from 'vitest';
import { chooseTrial, type TransferTrial, trialOf, trialTable } from './choose-trial.js';

const trial = (keptShare: number, returns: readonly number[]): TransferTrial => ({
  ...{ allocation: 'joint', share: keptShare, tail: 1, rowsPerHead: 1, fullReturn: 1 },
  ...{ keptShare, returns },
  return: returns.reduce((sum, value) => sum + value, 0) / returns.length,
});

describe('chooseTrial', () => {
  it('takes what holds least among equals', () => {
    const [much, little] = [trial(0.5, [1, 1, 1, 1]), trial(0.1, [1, 1, 1, 1])];
    expect(chooseTrial([much, little])).toBe(little);
  });

  it('forgives noise, and no loss', () => {
    const best = trial(0.5, [10, 20, 30, 41]);
    const noisy = trial(0.2, [14, 16, 34, 36.9]);
    const worse = trial(0.1, [8, 19, 28, 40]);
    expect(chooseTrial([best, noisy, worse])).toBe(noisy);
    for (const count of [4, 16, 64]) {
      const won = Array<number>(count).fill(1);
      const [all, oneLost] = [trial(0.5, won), trial(0.1, [0, ...won.slice(1)])];
      expect(chooseTrial([oneLost, all])).toBe(all);
    }
  });

  it('does not take one that only broke down', () => {
    const broken = { ...trial(0.1, [Number.NaN]), return: Number.NEGATIVE_INFINITY };
    const sound = trial(0.5, [3]);
    expect(chooseTrial([broken, sound])).toBe(sound);
  });
});

describe('trialOf', () => {
  it('counts shares of what the full cache holds, and no broken episode', () => {
    const played = (rows: number, end: 'terminated' | 'failed', value: number) => ({
      ...{ seed: 1, steps: 9, end, failure: null, peakBytes: 1, seconds: 1, return: value },
      rowsPerHead: { mean: rows, peak: rows },
    });
    const full = [played(14, 'terminated', 5), played(14, 'terminated', 7)];
    const own = [played(7, 'terminated', 4), played(3.5, 'failed', 99)];
    const rowKinds = ['return', 'state', 'action'] as const;
    const made = trialOf({
      ...{ allocation: 'joint', share: 0.3, tail: 6, played: own, full, rowKinds },
    });
    expect(made).toMatchObject({
      tail: 6,
      keptShare: 0.375,
      rowsPerHead: 5.25,
      return: 4,
      fullReturn: 6,
    });
    expect(made.returns).toEqual([4, Number.NaN]);
  });
});

it('shows trials as a table, and which was chosen', () => {
  const trials = [trial(0.5, [1, 2]), { ...trial(0.1, [3]), allocation: 'per-head' as const }];
  const { headings, rows } = trialTable(trials, trials[1]!);
  expect(rows).toEqual([
    ['one', '0.5', '1', '1.0', '50.0 %', '1.50', '1.00', ''],
    ['per head', '0.1', '1', '1.0', '10.0 %', '3.00', '1.00', 'chosen'],
  ]);
  expect(headings).toHaveLength(8);
});
