import { describe, expect, it } from 'vitest';
import { bitsPerByte, settledTrends, stretches, trend } from './summarise.js';

const note = (tokens: number, residentMegabytes: number, cpu: number) => ({
  tokens,
  residentMegabytes,
  cpu,
  wall: 2 * cpu,
  nextPosition: tokens % 7,
});

describe('a run in stretches', () => {
  it('has the largest memory and the median times of each', () => {
    const notes = [note(10, 5, 1), note(20, 9, 8), note(30, 7, 2), note(40, 6, 4)];
    expect(stretches(notes, 2)).toEqual([
      { from: 0, tokens: 20, residentMegabytes: 9, cpu: 4.5, wall: 9, nextPosition: 6 },
      { from: 20, tokens: 40, residentMegabytes: 7, cpu: 3, wall: 6, nextPosition: 5 },
    ]);
    expect(stretches(notes, 3)).toHaveLength(2); // two chunks each
    expect(stretches(notes, 9)).toHaveLength(4);
  });
});

describe('trend', () => {
  it('is the change over the run, as a share of the mean, and the range', () => {
    const { slope, range } = trend([0, 10, 20], [9, 10, 11]);
    expect(slope).toBeCloseTo(0.2, 12);
    expect(range).toBeCloseTo(2 / 9, 12);
    expect(trend([3], [5])).toEqual({ slope: 0, range: 0 });
  });
});

describe('settledTrends', () => {
  it('leaves out what comes before', () => {
    const notes = [note(10, 500, 9), note(20, 100, 2), note(30, 100, 2), note(40, 105, 2)];
    const { memory, time } = settledTrends(notes, 15, 'cpu')!;
    expect(memory.range).toBeCloseTo(0.05, 12);
    expect(time).toEqual({ slope: 0, range: 0 });
    expect(settledTrends(notes, 40, 'wall')).toBeNull();
  });
});

describe('bitsPerByte', () => {
  it('counts the tokens that both runs have bits for', () => {
    const endless = Float64Array.of(Number.NaN, 2, 4, 6, 8);
    const asTrained = Float64Array.of(1, Number.NaN, 5, 9, Number.NaN);
    const bytesOf = (from: number, to: number) => 10 * (to - from);
    expect(bitsPerByte(endless, asTrained, bytesOf, 0, 5)).toEqual({
      endless: 0.5,
      asTrained: 0.7,
    });
    expect(bitsPerByte(endless, asTrained, bytesOf, 3, 5)).toEqual({
      endless: 0.6,
      asTrained: 0.9,
    });
    expect(bitsPerByte(endless, asTrained, bytesOf, 0, 1).endless).toBeNaN();
  });
});
