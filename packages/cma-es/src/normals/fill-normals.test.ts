import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillNormals } from './fill-normals.js';
import { fillNormalsPlain } from './fill-normals-plain.js';

const seeds = fc.nat(Number.MAX_SAFE_INTEGER);
const word = fc.nat(0xffff_ffff);
const streams = fc.tuple(word, word, word);

describe('fillNormals', () => {
  it('gives the same bits as its plain twin', () => {
    fc.assert(
      fc.property(seeds, streams, fc.nat(70), (seed, stream, length) => {
        const fast = new Float64Array(length);
        const plain = new Float64Array(length);
        fillNormals(fast, seed, stream);
        fillNormalsPlain(plain, seed, stream);
        expect(fast).toEqual(plain);
      }),
    );
    const fast = new Float64Array(100_000);
    const plain = new Float64Array(100_000);
    fillNormals(fast, 3, [1, 2, 3]);
    fillNormalsPlain(plain, 3, [1, 2, 3]);
    expect(Buffer.from(fast.buffer).equals(Buffer.from(plain.buffer))).toBe(true);
  });

  it('agrees with Box–Muller by the functions of the engine to 1e-14', async () => {
    const { Random } = await import('@namm/core/portable');
    const random = new Random(5, 6, 7, 8);
    const numbers = new Float64Array(20_000);
    fillNormals(numbers, 5, [6, 7, 8]);
    let largest = 0;
    for (let i = 0; i < numbers.length; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()));
      const angle = 2 * Math.PI * random.uniform();
      largest = Math.max(
        largest,
        Math.abs(numbers[i]! - radius * Math.cos(angle)),
        Math.abs(numbers[i + 1]! - radius * Math.sin(angle)),
      );
    }
    expect(largest).toBeLessThan(1e-14);
  });

  it('is standard normal: moments and a Kolmogorov–Smirnov distance of 200,000 numbers', () => {
    const numbers = new Float64Array(200_000);
    fillNormals(numbers, 1, [0, 0, 0]);
    const moment = (power: number) =>
      numbers.reduce((sum, x) => sum + x ** power, 0) / numbers.length;
    // five standard errors of each estimate
    expect(Math.abs(moment(1))).toBeLessThan(5 / Math.sqrt(200_000));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / 200_000));
    expect(Math.abs(moment(3))).toBeLessThan(5 * Math.sqrt(15 / 200_000));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / 200_000));
    const sorted = numbers.slice().sort();
    // quantiles of the normal distribution
    for (const [z, probability] of [
      [-2, 0.02275],
      [-1, 0.158655],
      [0, 0.5],
      [0.5, 0.691462],
      [1.5, 0.933193],
    ]) {
      const share = sorted.findIndex((x) => x > z!) / sorted.length;
      expect(Math.abs(share - probability!)).toBeLessThan(0.005);
    }
  });
});
