import { describe, expect, it } from 'vitest';
import { CmaEs } from './cma-es.js';
import { neverStop, type StopOptions, type StopReason } from './stop.js';
import { run, sphere, type TestFunction } from './testing/functions.js';

const n = 4;
const first = (x: Float64Array) => x[0]!;

/** A run on which just one condition is switched on, and what must stop it. */
const cases: [StopReason, Partial<StopOptions>, TestFunction, object?][] = [
  ['targetFitness', { targetFitness: 1e-3 }, sphere],
  ['maximumEvaluations', { maximumEvaluations: 50 }, sphere],
  ['maximumGenerations', { maximumGenerations: 7 }, sphere],
  ['fitnessTolerance', { fitnessTolerance: 1e-8 }, (x) => 1 + sphere(x)],
  ['fitnessHistoryTolerance', { fitnessHistoryTolerance: 1e-8 }, (x) => 1 + sphere(x)],
  ['parameterTolerance', { parameterTolerance: 1e-5 }, sphere],
  ['deviationGrowth', { deviationGrowth: 1e3 }, first],
  ['sigmaGrowth', { sigmaGrowth: 1e3 }, first, { model: 'iso' }],
  ['condition', { condition: 1e8 }, (x) => sphere(x.map((value, i) => value * 10 ** (i * 2)))],
  ['flatGenerations', { flatGenerations: 3 }, () => 7],
  ['stagnation', { stagnation: 60 }, (x) => Math.abs(Math.sin(1e6 * sphere(x)))],
  [
    'noEffectAxis',
    { noEffect: true },
    (x) => sphere(x.map((value) => value - 1e3)),
    { mean: [1e3, 1e3, 1e3, 1e3] },
  ],
  [
    'noEffectCoordinate',
    { noEffect: true },
    (x) => sphere(x.map((value, i) => (value - 1e3) * 10 ** i)),
    { mean: [1e3, 1e3, 1e3, 1e3], factor: 'matrix-adaptation' },
  ],
  ['overflow', {}, (x) => Math.atan(x[0]!), { sigma: 1e308, mean: [-1e308, 0, 0, 0] }],
];

describe('stop conditions', () => {
  it.each(cases)('%s', (reason, stop, fitness, options = {}) => {
    const mean = new Float64Array(n).fill(1);
    const strategy = new CmaEs({
      mean,
      sigma: 1,
      seed: 1,
      stop: { ...neverStop, ...stop },
      ...options,
    });
    run(strategy, fitness, 5000);
    expect(strategy.stopReason).toBe(reason);
    expect(strategy.generation).toBeLessThan(5000);
    expect(strategy.mean.every(Number.isFinite)).toBe(true);
  });

  it('are on by default, and end a run that has converged', () => {
    const strategy = new CmaEs({ mean: new Float64Array(n).fill(1), sigma: 1, seed: 1 });
    run(strategy, sphere, 5000);
    expect(strategy.stopReason).toMatch(/Tolerance/);
    expect(strategy.best!.fitness).toBeLessThan(1e-10);
  });

  it('never stop when all are off', () => {
    const mean = new Float64Array(n).fill(1);
    const strategy = new CmaEs({ mean, sigma: 1, seed: 1, stop: neverStop });
    run(strategy, () => 1, 300);
    expect(strategy.stopReason).toBe(null);
  });
});
