import type { CmaEsOptions } from './options.js';
import { neverStop } from './stop.js';

/** Options except the start: spread them, then add `mean` and `seed`. */
export type Preset = Omit<CmaEsOptions, 'mean' | 'seed'>;

/**
 * Settings for evolving a NAMM (4,172 parameters, fitness measured on samples), without any stop condition.
 *
 * - `namm-reference`: the equations of the reference implementation: full covariance with its rates, sigma
 *   0.065, and its shift of the first generation's covariance. At these rates the covariance does not
 *   visibly move in the published 700 generations.
 * - `namm-recommended`: a diagonal that does learn, a step size without bias at the start, and a smaller sigma, which
 *   mattered more than the model on a noisy stand-in for the task (one seed).
 *
 * Both maximise, and use the mean as the answer, because under noise the best candidate may just be a lucky one.
 *
 * @example
 * ```ts
 * const strategy = new CmaEs({ ...presets['namm-recommended'], mean: start, seed: 1 });
 * ```
 */
export const presets = {
  'namm-reference': {
    goal: 'maximise',
    model: 'full',
    rates: 'namm',
    sigma: 0.065,
    populationSize: 32,
    firstGenerationShift: 1e-6,
    answer: 'mean',
    stop: neverStop,
  },
  'namm-recommended': {
    goal: 'maximise',
    model: 'sep',
    rates: 'pycma',
    sigma: 0.02,
    populationSize: 32,
    debiasedPath: true,
    answer: 'mean',
    stop: neverStop,
  },
} as const satisfies Record<string, Preset>;
