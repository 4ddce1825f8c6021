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
