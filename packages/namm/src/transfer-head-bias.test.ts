import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { transferHeadBias } from './transfer-head-bias.js';

const bias = { layers: 2, heads: 2, values: Float32Array.of(-3, -1, 4, 0) };
const old = [
  [0.01, 0.02],
  [0.8, 0.1],
];

describe('transferHeadBias', () => {
  it('gives the old heads their own where more echo goes with more bias', () => {
    const same = transferHeadBias(bias, old, old);
    expect(same).toEqual(bias);
    const middle = transferHeadBias(bias, old, [[Math.sqrt(0.02 * 0.1), 0.001, 1]]);
    expect(middle.layers).toBe(1);
    expect(middle.values[0]).toBeCloseTo(-0.5, 5);
    expect([...middle.values.subarray(1)]).toEqual([-3, 4]);
  });

  it('pools heads whose order is reversed', () => {
    const swapped = { ...bias, values: Float32Array.of(-1, -3, 4, 0) };
    const pooled = transferHeadBias(swapped, old, [[0.01, 0.02, 0.1, 0.8]]);
    expect([...pooled.values]).toEqual([-2, -2, 0, 4]);
  });

  it('never gives a head with more echo less', () => {
    const echo = fc.double({ min: 1e-6, max: 1, noNaN: true });
    const values = fc.array(fc.float({ min: -10, max: 10, noNaN: true }), {
      minLength: 6,
      maxLength: 6,
    });
    fc.assert(
      fc.property(
        values,
        fc.array(echo, { minLength: 6, maxLength: 6 }),
        fc.array(echo, { minLength: 2 }),
        (own, from, to) => {
          const given = { layers: 2, heads: 3, values: Float32Array.from(own) };
          const sorted = [...to].sort((a, b) => a - b);
          const result = transferHeadBias(given, [from.slice(0, 3), from.slice(3)], [sorted]);
          for (let i = 1; i < sorted.length; i++) {
            expect(result.values[i]!).toBeGreaterThanOrEqual(result.values[i - 1]! - 1e-5);
          }
        },
      ),
    );
  });

  it('refuses echoes of other heads, or none', () => {
    expect(() => transferHeadBias(bias, [[0.1, 0.2]], old)).toThrow(
      /1 layers of echoes for 2 of 2/,
    );
    expect(() => transferHeadBias(bias, old, [[0, 0.1]])).toThrow(/not all above 0/);
    expect(() => transferHeadBias(bias, [[Number.NaN, 0.1]], old)).toThrow(/not all above 0/);
  });
});
