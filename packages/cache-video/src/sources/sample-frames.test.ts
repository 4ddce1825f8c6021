import { InvalidArgumentError } from '@namm/core';
import { describe, expect, it } from 'vitest';
import { type Sampling, sampleFrames } from './sample-frames.js';

/** Ten seconds at 3 frames per second. */
const facts = { timestamps: Array.from({ length: 30 }, (_, i) => i / 3), duration: 10 } as const;
const sampled = (sampling: unknown) =>
  sampleFrames(facts as unknown as Parameters<typeof sampleFrames>[0], sampling as Sampling);

describe('sampleFrames', () => {
  it('takes all, so many, or so many per second', () => {
    expect(sampled({ kind: 'all' })).toHaveLength(30);
    expect(sampled({ kind: 'uniform', count: 4 })).toEqual([0, 10, 19, 29]);
    expect(sampled({ kind: 'rate', perSecond: 1 })).toHaveLength(10);
    // A long video loses a second at each end.
    expect(sampled({ kind: 'rate', perSecond: 1, most: 3 })).toEqual([3, 15, 27]);
  });

  // NumPy: linspace(0, 61, 8, dtype=int), linspace(30, 1470, 20, dtype=int); 7 × (61 / 7) is a little less than 61
  it('takes the last frame where steps are no whole numbers', () => {
    const video = (frames: number, perSecond: number) => ({
      timestamps: Array.from({ length: frames }, (_, i) => i / perSecond),
      duration: frames / perSecond,
    });
    const short = sampleFrames(video(62, 8), { kind: 'rate', perSecond: 1 });
    expect(short).toEqual([0, 8, 17, 26, 34, 43, 52, 61]);
    const long = sampleFrames(video(1500, 30), { kind: 'rate', perSecond: 2, most: 20 });
    expect([long[0], long[1], long.at(-1)]).toEqual([30, 105, 1470]);
  });

  it.each([
    ['another name', { kind: 'uniform', count: 4, most: 3 }, /most/],
    ['a name beside all', { kind: 'all', count: 4 }, /count/],
    ['no kind', { count: 4 }, /none of uniform, rate, all/],
    ['no number', { kind: 'rate', perSecond: 0 }, /0 is not a number above 0/],
  ])('refuses %s', (_, sampling, message) => {
    expect(() => sampled(sampling)).toThrow(InvalidArgumentError);
    expect(() => sampled(sampling)).toThrow(message);
  });
});
