import { expect, it } from 'vitest';
import { randomNamm, withRandomParameters } from './random-namm.js';

const normaliser = {
  shape: [17],
  mean: new Float32Array(17),
  variance: new Float32Array(17).fill(1),
  count: Float64Array.of(1),
};

it('is the same for a seed, and has the published size', () => {
  const one = randomNamm({ seed: 1, updateInterval: 64, normaliser });
  expect(one.parameters).toHaveLength(4172);
  expect(randomNamm({ seed: 1, updateInterval: 64, normaliser })).toEqual(one);
  expect(randomNamm({ seed: 2, updateInterval: 64, normaliser }).parameters).not.toEqual(
    one.parameters,
  );
});

it('keeps the norm and forgets the rest', () => {
  const one = randomNamm({ seed: 1, updateInterval: 64, normaliser });
  const other = withRandomParameters(one, 7);
  const norm = (values: Float32Array) => Math.hypot(...values);
  expect(norm(other.parameters)).toBeCloseTo(norm(one.parameters), 3);
  const cosine =
    one.parameters.reduce((sum, value, i) => sum + value * other.parameters[i]!, 0) /
    norm(one.parameters) ** 2;
  expect(Math.abs(cosine)).toBeLessThan(0.1);
  expect(other.provenance).toEqual({ random: 7 });
});
