import { expect, it } from 'vitest';
import { optimise } from './optimise.js';
import { presets } from './presets.js';
import { sphere } from './testing/functions.js';

const start = { mean: [3, -2, 1], sigma: 1, seed: 7 };

it('runs functions that answer at once or later, with the same result', async () => {
  const now = await optimise(sphere, start);
  const later = await optimise(
    async (x, { index }) => {
      await new Promise((resolve) => setTimeout(resolve, index % 3));
      return sphere(x);
    },
    { ...start, stop: { maximumGenerations: 20 } },
  );
  expect(now.stopReason).toMatch(/Tolerance/);
  expect(now.answer.every((value) => Math.abs(value) < 1e-4)).toBe(true);
  expect(later.history).toEqual(now.history.slice(0, 20));
});

it('hands on what the objective throws', async () => {
  await expect(optimise(() => Promise.reject(new Error('no model')), start)).rejects.toThrow(
    'no model',
  );
});

it.each(Object.entries(presets))(
  'the preset %s climbs a noisy hill of 40 dimensions',
  async (_, preset) => {
    const mean = new Float64Array(40).fill(0.2);
    let calls = 0;
    const fitness = (x: Float64Array) => -sphere(x) + 0.01 * Math.sin(calls++ * 12.9898);
    const strategy = await optimise(fitness, {
      ...preset,
      mean,
      seed: 1,
      stop: { ...preset.stop, maximumGenerations: 150 },
    });
    expect(strategy.populationSize).toBe(32);
    expect(sphere(strategy.answer)).toBeLessThan(0.2 * sphere(mean));
    expect(strategy.answer).toEqual(strategy.mean);
  },
);
