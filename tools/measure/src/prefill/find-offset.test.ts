import { describe, expect, it } from 'vitest';
import { findOffset, searchLengths } from './find-offset.js';

describe('searchLengths', () => {
  it('goes over shorter prompts of several updates to the whole', () => {
    expect(searchLengths(16384, 512)).toEqual([4096, 16384]);
    expect(searchLengths(16384, 64)).toEqual([1024, 4096, 16384]);
    expect(searchLengths(1024, 64)).toEqual([1024]);
    expect(searchLengths(100, 64)).toEqual([100]);
  });
});

describe('findOffset', () => {
  const logistic = (x: number) => 1 / (1 + Math.exp(-x));
  const cases = [
    { width: 1, center: 3 },
    { width: 0.2, center: -1.5 },
    { width: 4, center: 11 },
  ];

  it.each(cases)('finds a share with few measurements at the full length: %o', async (one) => {
    const calls = new Map<number, number>();
    const measure = async (offset: number, length: number) => {
      calls.set(length, (calls.get(length) ?? 0) + 1);
      const drift = length === 4096 ? 0 : 0.4 * one.width; // longer prompts keep more
      return logistic((offset - one.center + drift) / one.width);
    };
    const offset = await findOffset(measure, 0.3, [4096, 16384]);
    expect(Math.abs((await measure(offset, 16384)) - 0.3)).toBeLessThanOrEqual(0.02);
    expect(calls.get(16384)!).toBeLessThanOrEqual(4); // this one included
    expect(calls.get(4096)!).toBeLessThanOrEqual(12);
  });

  it('gives up where no offset keeps the share', async () => {
    const steps = async (offset: number) => (offset < 1 ? 0.1 : 0.9);
    expect(await findOffset(steps, 0.3, [64])).toBeCloseTo(1, 1);
  });
});
