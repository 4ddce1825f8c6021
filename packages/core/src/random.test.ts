import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from './errors.js';
import { philox4x32, Random } from './random.js';

describe('philox4x32', () => {
  // Known answers published with the Random123 library (kat_vectors, philox4x32 10).
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as const)('answers counter %j under key %j as published', (counter, key, expected) => {
    expect(philox4x32(counter, key)).toEqual([...expected]);
  });
});

describe('Random', () => {
  it('repeats a stream and separates streams', () => {
    const draw = (random: Random) => Array.from({ length: 8 }, () => random.uint32());
    expect(draw(new Random(3, 1))).toEqual(draw(new Random(3, 1)));
    expect(draw(new Random(3, 1))).not.toEqual(draw(new Random(3, 2)));
    expect(draw(new Random(3, 1))).not.toEqual(draw(new Random(4, 1)));
  });

  it('uses the upper half of the seed', () => {
    expect(new Random(2 ** 40).uint32()).not.toBe(new Random(0).uint32());
  });

  it('keeps integers within their bound and shuffles to a permutation', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 1000 }), (seed, bound) => {
        const random = new Random(seed);
        const value = random.integer(bound);
        const items = Array.from({ length: bound }, (_, i) => i);
        return (
          value >= 0 &&
          value < bound &&
          JSON.stringify(random.shuffled(items).sort((a, b) => a - b)) === JSON.stringify(items)
        );
      }),
    );
  });

  it('draws uniform and normal numbers with the right moments', () => {
    const random = new Random(11);
    const count = 40_000;
    let uniformSum = 0;
    let normalSum = 0;
    let normalSquares = 0;
    for (let i = 0; i < count; i++) {
      uniformSum += random.uniform();
      const normal = random.normal();
      normalSum += normal;
      normalSquares += normal * normal;
    }
    // Five standard errors of each mean.
    expect(Math.abs(uniformSum / count - 0.5)).toBeLessThan(
      (5 * Math.sqrt(1 / 12)) / Math.sqrt(count),
    );
    expect(Math.abs(normalSum / count)).toBeLessThan(5 / Math.sqrt(count));
    expect(Math.abs(normalSquares / count - 1)).toBeLessThan((5 * Math.SQRT2) / Math.sqrt(count));
  });

  it('refuses bad seeds, streams, bounds and samples', () => {
    expect(() => new Random(-1)).toThrow(InvalidArgumentError);
    expect(() => new Random(1.5)).toThrow(InvalidArgumentError);
    expect(() => new Random(1, 2, 3, 4, 5)).toThrow(InvalidArgumentError);
    expect(() => new Random(1).integer(0)).toThrow(InvalidArgumentError);
    expect(() => new Random(1).sample([1], 2)).toThrow(InvalidArgumentError);
  });
});
