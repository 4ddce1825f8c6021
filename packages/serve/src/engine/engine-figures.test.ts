import { describe, expect, it } from 'vitest';
import { EngineFigures } from './engine-figures.js';

describe('seconds per request', () => {
  it.each([
    [[], 1],
    [[0.2], 1],
    [[2, 3], 3],
    [[59.5], 59],
    [[60], 59],
    [[600, 900], 59],
  ] as const)('%j: %i, so that clients wait as they are told', (took, seconds) => {
    const figures = new EngineFigures();
    for (const each of took) figures.requestSeconds.add(each);
    expect(figures.secondsPerRequest()).toBe(seconds);
  });
});
