import { checkNumber } from '@namm/core/portable';
import { oneOf } from '../one-of.js';
import { expectedNorm, expectedNormBySeries } from './expected-norm.js';
import {
  activeWeights,
  effectiveNumber,
  positiveWeights,
  type RawWeights,
  rawWeights,
} from './recombination-weights.js';

/** All names. */
export const rateNames = ['tutorial', 'pycma', 'cmaes', 'namm'] as const;

/** The implementation whose learning rates and minor rules are used. */
export type RatesName = (typeof rateNames)[number];

/** Every constant of an update, for one dimension and population size. */
export interface Rates {
  /** w_i by rank, best first; the positive ones sum to 1. */
  readonly weights: readonly number[];
  /** μ_eff of the positive weights. */
  readonly effectiveParents: number;
  /** c_1 of the rank-one update. */
  readonly rankOne: number;
  /** c_μ of the rank-μ update. */
  readonly rankMu: number;
  /** c_c of the path p_c. */
  readonly covariancePath: number;
  /** c_σ of the path p_σ. */
  readonly stepSizePath: number;
  /** d_σ, the damping of the step size. */
  readonly damping: number;
  /** χ_N = E‖N(0, I)‖. */
  readonly expectedNorm: number;
}

const forms = ['full', 'separable'] as const;
type Form = (typeof forms)[number];

/** c_1 and c_c of the tutorial (equations 57 and 56). */
const rankOne = (n: number, effective: number) => 2 / ((n + 1.3) ** 2 + effective);
const covariancePath = (n: number, effective: number) =>
  (4 + effective / n) / (n + 4 + (2 * effective) / n);

/** c_μ (equation 58); the offset is 1/4 since version 2 of the tutorial, 0 before. */
function rankMu(n: number, effective: number, offset: number): number {
  return (2 * (offset + effective + 1 / effective - 2)) / ((n + 2) ** 2 + effective);
}

/** d_σ (equation 55), with pycma's factor inside for large populations. */
function damping(n: number, effective: number, stepSizePath: number, factor = 1): number {
  const excess = factor * Math.sqrt(Math.max(0, effective - 1) / (n + 1)) - 1;
  return 1 + 2 * Math.max(0, excess) + stepSizePath;
}

/** The tutorial's rates, and those of implementations that differ from it only in c_μ and rounding. */
function tutorialRates(n: number, raw: RawWeights, offset: number, room = 0): Rates {
  const { effective } = raw;
  const c1 = rankOne(n, effective);
  const cMu = Math.min(1 - c1 - room, rankMu(n, effective, offset));
  const cSigma = (effective + 2) / (n + effective + 5);
  return {
    weights: activeWeights(raw, n, { rankOne: c1, rankMu: cMu }),
    effectiveParents: effective,
    rankOne: c1,
    rankMu: cMu,
    covariancePath: covariancePath(n, effective),
    stepSizePath: cSigma,
    damping: damping(n, effective, cSigma),
    expectedNorm: expectedNormBySeries(n),
  };
}

/** pycma 4.5.0, without its mirrored samples of populations below 6. */
function pycmaRates(n: number, populationSize: number): Rates {
  const raw = rawWeights(populationSize);
  const { effective } = raw;
  const c1 = Math.min(1, populationSize / 6) * rankOne(n, effective);
  const cMu = Math.min(1 - c1, rankMu(n, effective, 0.25));
  const cSigma = Math.min(0.5, (effective + 2) / (n + effective + 3));
  return {
    weights: activeWeights(raw, n, { rankOne: c1, rankMu: cMu }),
    effectiveParents: effective,
    rankOne: c1,
    rankMu: cMu,
    covariancePath: covariancePath(n, effective),
    stepSizePath: cSigma,
    damping: damping(n, effective, cSigma, Math.max(1, 3 * (1 - 0.5 ** (n / 9)))),
    expectedNorm: expectedNorm(n),
  };
}

/** pycma's `CMA_diagonal`: its update multiplies, so negative weights need no bound to stay positive. */
function pycmaSeparableRates(n: number, populationSize: number): Rates {
  const raw = rawWeights(populationSize);
  const { effective } = raw;
  const root = Math.sqrt(n);
  const c1 = 1 / (n + 2 * root + effective / n);
  const cMu = (0.25 + effective + 1 / effective - 2) / (n + 4 * root + effective / 2);
  const rates = { rankOne: c1, rankMu: Math.min(1 - c1, cMu) };
  return {
    ...pycmaRates(n, populationSize),
    ...rates,
    weights: activeWeights(raw, n, rates, { definite: true }),
    covariancePath: (1 + 1 / n + effective / n) / (root + 1 / n + (2 * effective) / n),
  };
}

/** The separable strategy of Ros and Hansen (2008), as cmaes has it: no negative weights. */
function rosHansenRates(n: number, populationSize: number): Rates {
  const parents = Math.floor(populationSize / 2);
  const values = Array.from({ length: populationSize }, (_, rank) =>
    rank < parents ? Math.log(parents + 1) - Math.log(rank + 1) : 0,
  );
  const effective = effectiveNumber(values);
  const cMuFull =
    2 / effective / (n + Math.SQRT2) ** 2 +
    (1 - 1 / effective) * Math.min(1, (2 * effective - 1) / ((n + 2) ** 2 + effective));
  const cSigma = (effective + 2) / (n + effective + 3);
  const c1 = rankOne(n, effective);
  return {
    weights: positiveWeights({ values, parents, effective, effectiveNegative: 0 }),
    effectiveParents: effective,
    rankOne: c1,
    rankMu: ((n + 2) / 3) * cMuFull, // may exceed 1 in large populations, as in cmaes
    covariancePath: 4 / (n + 4),
    stepSizePath: cSigma,
    damping: damping(n, effective, cSigma),
    expectedNorm: expectedNormBySeries(n),
  };
}

/** The tutorial's rates with c_1 and c_μ raised by (n + 2)/3, as n variances are learned, not n²/2. */
function separable(rates: Rates, n: number, raw: RawWeights): Rates {
  const factor = (n + 2) / 3;
  const c1 = Math.min(0.5, factor * rates.rankOne);
  const cMu = Math.min(1 - c1, factor * rates.rankMu);
  return {
    ...rates,
    rankOne: c1,
    rankMu: cMu,
    weights: activeWeights(raw, n, { rankOne: c1, rankMu: cMu }),
  };
}

/**
 * The rates of a table.
 *
 * - `tutorial`: Hansen, "The CMA evolution strategy: a tutorial" (arXiv 1604.00772 v2);
 * - `pycma`: version 4.5.0 of pycma, also its `CMA_diagonal`;
 * - `cmaes`: version 0.13.1 of cmaes, also its `SepCMA` (Ros and Hansen 2008);
 * - `namm`: the reference NAMM implementation: c_μ of the tutorial's first version, weights rounded to
 *   single precision.
 *
 * @param name whose rates
 * @param dimension n, from 1 on
 * @param populationSize λ, from 3 on
 * @param form `separable` if only n variances are learned; its rates are higher
 * @returns every constant of an update
 * @throws {InvalidArgumentError} for an unknown name, or sizes out of range
 *
 * @example
 * ```ts
 * ratesOf('pycma', 10, 10).stepSizePath; // 0.297…
 * ```
 */
export function ratesOf(
  name: RatesName,
  dimension: number,
  populationSize: number,
  form: Form = 'full',
): Rates {
  oneOf('name', name, rateNames);
  oneOf('form', form, forms);
  const isSize = (least: number) => (value: number) =>
    Number.isSafeInteger(value) && value >= least;
  checkNumber('dimension', dimension, isSize(1), 'an integer from 1 on');
  checkNumber('populationSize', populationSize, isSize(3), 'an integer from 3 on');
  if (name === 'pycma') {
    const rates = form === 'separable' ? pycmaSeparableRates : pycmaRates;
    return rates(dimension, populationSize);
  }
  if (name === 'cmaes' && form === 'separable') return rosHansenRates(dimension, populationSize);
  const raw = rawWeights(populationSize, name === 'namm' ? Math.fround : undefined);
  const rates = tutorialRates(
    dimension,
    raw,
    name === 'tutorial' ? 0.25 : 0,
    name === 'cmaes' ? 1e-8 : 0,
  );
  return form === 'separable' ? separable(rates, dimension, raw) : rates;
}
