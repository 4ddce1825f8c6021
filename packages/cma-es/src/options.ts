import {
  checkNames,
  checkNumber,
  InvalidArgumentError,
  numberList,
  shown,
} from '@namm/core/portable';
import { type Bounds, type BoundsOptions, resolveBounds } from './bounds.js';
import type { DistributionShape, Factor, ModelChoice } from './models/create-model.js';
import { chooseModel } from './models/create-model.js';
import type { Precision } from './models/matrix-adaptation-model.js';
import { type NoiseOptions, resolveNoise } from './noise.js';
import type { NormalSource } from './normals/fill-normals.js';
import { oneOf } from './one-of.js';
import { strategyAliases } from './option-names.js';
import { type RatesName, rateNames } from './rates/rates.js';
import { resolveStop, type StopOptions } from './stop.js';

/** Options of a strategy. Only `mean`, `sigma` and `seed` are required. */
export interface CmaEsOptions {
  /** Where the search starts: one finite number per dimension. */
  readonly mean: ArrayLike<number>;
  /** Standard deviation of the first candidates, above 0: about a third of the distance to the optimum. */
  readonly sigma: number;
  /** A non-negative safe integer; the same seed gives the same candidates on every machine. */
  readonly seed: number;
  /** Name of the run, part of every candidate's id. @defaultValue 'cma-es' */
  readonly run?: string;
  /** @defaultValue 'minimise' */
  readonly goal?: 'minimise' | 'maximise';
  /** λ, at least 3. @defaultValue 4 + ⌊3 ln n⌋ */
  readonly populationSize?: number;
  /**
   * Shape of the distribution: `full` covariance, `sep` (diagonal), `iso` (step size alone), `lm-ma` (limited
   * memory). `auto` is `full` up to 500 dimensions and `sep` above. @defaultValue 'auto'
   */
  readonly model?: DistributionShape | 'auto';
  /** How `full` keeps C. @defaultValue `eigen` up to 200 dimensions, `matrix-adaptation` above */
  readonly factor?: Factor;
  /** Width of the matrix under matrix adaptation. @defaultValue `double` up to 1,000 dimensions, `single` above */
  readonly precision?: Precision;
  /** Which implementation's learning rates and minor rules to use; `lm-ma` has its own. @defaultValue 'pycma' */
  readonly rates?: RatesName;
  /** Factor of each coordinate's deviation, above 0. @defaultValue 1 each */
  readonly scales?: ArrayLike<number>;
  /** C to start from, n × n row-major, in units of sigma² and scales; `full` and `sep` (its diagonal) take one. */
  readonly covariance?: ArrayLike<number> | null;
  readonly bounds?: BoundsOptions | null;
  /**
   * Lower limit of the coordinates' standard deviations when sampling, one for all or one each, so that coordinates
   * decoded by rounding keep changing (see {@link SearchSpace}). Not for `lm-ma`. @defaultValue 0
   */
  readonly minimumDeviation?: number | ArrayLike<number> | null;
  readonly stop?: Partial<StopOptions>;
  /** Noise handling: evaluates some candidates twice and reacts to the differences. */
  readonly noise?: NoiseOptions | null;
  /** What {@link CmaEs.answer} returns. @defaultValue `mean` with noise handling, else `best` */
  readonly answer?: 'best' | 'mean';
  /**
   * What adapts the step size: the path p_σ, or whether candidates are better than those of the previous generation
   * (population success rule). `success` compares fitness across generations, so it needs an objective that does not
   * change, and little noise. @defaultValue `success` for `lm-ma` without noise handling and bounds, else `path`
   */
  readonly stepSize?: 'path' | 'success';
  /** Divides ‖p_σ‖ by the length that it can have reached so far; `lm-ma` has another rule. @defaultValue false */
  readonly debiasedPath?: boolean;
  /** Added to every element of C in generation 0, as the reference NAMM implementation does. @defaultValue 0 */
  readonly firstGenerationShift?: number;
  /** Third number of the random stream, which distinguishes restarts with the same seed. @defaultValue 0 */
  readonly restart?: number;
  /** Source of standard normal numbers, for replaying a recorded run. @defaultValue {@link fillNormals} */
  readonly normals?: NormalSource;
}

/** Options with all choices made: plain data except for functions. */
export interface ResolvedOptions extends ModelChoice {
  readonly mean: Float64Array;
  readonly sigma: number;
  readonly seed: number;
  readonly run: string;
  readonly goal: 'minimise' | 'maximise';
  readonly populationSize: number;
  readonly rates: RatesName;
  readonly scales: Float64Array;
  readonly covariance: Float64Array | null;
  readonly bounds: Bounds | null;
  readonly minimumDeviation: Float64Array | null;
  readonly stop: StopOptions;
  readonly noise: NoiseOptions | null;
  readonly answer: 'best' | 'mean';
  readonly stepSize: 'path' | 'success';
  readonly debiasedPath: boolean;
  readonly firstGenerationShift: number;
  readonly restart: number;
}

/** Every option; the check that none is missing is the type's. */
const optionNames = Object.keys({
  mean: 0,
  sigma: 0,
  seed: 0,
  run: 0,
  goal: 0,
  populationSize: 0,
  model: 0,
  factor: 0,
  precision: 0,
  rates: 0,
  scales: 0,
  covariance: 0,
  bounds: 0,
  minimumDeviation: 0,
  stop: 0,
  noise: 0,
  answer: 0,
  stepSize: 0,
  debiasedPath: 0,
  firstGenerationShift: 0,
  restart: 0,
  normals: 0,
} satisfies Record<keyof CmaEsOptions, 0>) as (keyof CmaEsOptions)[];

const smallestPopulation = 3;
const mostDimensions = 1_000_000;
/** Of all candidates of a generation: 4 GB in double precision. */
const mostNumbers = 500_000_000;

const isPositive = (value: number) => value > 0 && value < Number.POSITIVE_INFINITY;
const isNotNegative = (value: number) => value >= 0 && value < Number.POSITIVE_INFINITY;

function resolveCovariance(values: ArrayLike<number>, n: number): Float64Array {
  if (Array.isArray(values[0])) {
    throw new InvalidArgumentError('covariance', 'is a list of rows; join them: rows.flat()');
  }
  const matrix = numberList('covariance', values, { length: n * n });
  for (let i = 0; i < n; i++) {
    if (!(matrix[i * n + i]! > 0)) {
      throw new InvalidArgumentError(
        'covariance',
        `the variance of coordinate ${i} is not above 0`,
      );
    }
    for (let j = 0; j < i; j++) {
      const [lower, upper] = [matrix[i * n + j]!, matrix[j * n + i]!];
      if (Math.abs(lower - upper) > 1e-12 * Math.max(Math.abs(lower), Math.abs(upper))) {
        throw new InvalidArgumentError('covariance', `is not symmetric at (${i}, ${j})`);
      }
    }
  }
  return matrix;
}

/** One deviation for all coordinates or one each; null where none is above 0. */
function resolveMinimumDeviation(
  value: number | ArrayLike<number>,
  n: number,
): Float64Array | null {
  const needed = '0 or more is needed';
  const list = typeof value === 'number' ? new Float64Array(n).fill(value) : value;
  const demand = { length: n, accept: isNotNegative, needed };
  const deviations = numberList('minimumDeviation', list, demand);
  return deviations.some((deviation) => deviation > 0) ? deviations : null;
}

function resolvePopulationSize(given: number | undefined, n: number): number {
  const size = given ?? 4 + Math.floor(3 * Math.log(n));
  if (given === null || !Number.isInteger(size) || size < smallestPopulation) {
    const problem = `${shown(given)} is not an integer from ${smallestPopulation} on`;
    throw new InvalidArgumentError('populationSize', problem);
  }
  if (size * n > mostNumbers) {
    const problem = `${size} candidates of ${n} numbers are more than ${mostNumbers} in all`;
    throw new InvalidArgumentError('populationSize', problem);
  }
  return size;
}

/** @throws {InvalidArgumentError} naming the option that cannot be used */
export function resolveOptions(given: CmaEsOptions): ResolvedOptions {
  checkNames('CmaEs', given, optionNames, strategyAliases);
  const mean = numberList('mean', given.mean);
  const n = mean.length;
  if (n < 1 || n > mostDimensions) {
    throw new InvalidArgumentError('mean', `has ${n} numbers; 1 to ${mostDimensions} are taken`);
  }
  checkNumber('sigma', given.sigma, isPositive, 'a finite number above 0');
  const isSeed = (value: number) => Number.isSafeInteger(value) && value >= 0;
  checkNumber('seed', given.seed, isSeed, 'a non-negative safe integer');
  const populationSize = resolvePopulationSize(given.populationSize, n);
  const { run = 'cma-es', restart = 0, firstGenerationShift = 0, debiasedPath = false } = given;
  if (typeof run !== 'string') throw new InvalidArgumentError('run', `${shown(run)} is not text`);
  checkNumber('restart', restart, (value) => value >>> 0 === value, 'an unsigned 32-bit integer');
  checkNumber('firstGenerationShift', firstGenerationShift, isNotNegative, '0 or more');
  if (typeof debiasedPath !== 'boolean') {
    throw new InvalidArgumentError('debiasedPath', `${shown(debiasedPath)} is not true or false`);
  }
  if (given.normals !== undefined && typeof given.normals !== 'function') {
    throw new InvalidArgumentError('normals', `${shown(given.normals)} is not a function`);
  }
  oneOf('model', given.model, ['auto', 'full', 'sep', 'iso', 'lm-ma'], 'auto');
  oneOf('factor', given.factor, ['eigen', 'matrix-adaptation'], 'eigen');
  oneOf('precision', given.precision, ['single', 'double'], 'double');
  const choice = chooseModel(n, given);
  const noise = resolveNoise(given.noise ?? null);
  const bounds = given.bounds == null ? null : resolveBounds(given.bounds, mean);
  const success = choice.model === 'lm-ma' && !noise && !bounds;
  const minimumDeviation = resolveMinimumDeviation(given.minimumDeviation ?? 0, n);
  if (minimumDeviation && choice.model === 'lm-ma') {
    const problem = "the model 'lm-ma' does not know its deviations; use 'sep' or 'full'";
    throw new InvalidArgumentError('minimumDeviation', problem);
  }
  const positive = { length: n, accept: isPositive, needed: 'finite numbers above 0 are needed' };
  return {
    ...choice,
    mean,
    sigma: given.sigma,
    seed: given.seed,
    run,
    goal: oneOf('goal', given.goal, ['minimise', 'maximise'], 'minimise'),
    populationSize,
    rates: oneOf('rates', given.rates, rateNames, 'pycma'),
    scales:
      given.scales === undefined
        ? new Float64Array(n).fill(1)
        : numberList('scales', given.scales, positive),
    covariance: given.covariance == null ? null : resolveCovariance(given.covariance, n),
    bounds,
    minimumDeviation,
    stop: resolveStop(given.stop ?? {}, n, populationSize, minimumDeviation !== null),
    noise,
    answer: oneOf('answer', given.answer, ['best', 'mean'], noise ? 'mean' : 'best'),
    stepSize: oneOf('stepSize', given.stepSize, ['path', 'success'], success ? 'success' : 'path'),
    debiasedPath,
    firstGenerationShift,
    restart,
  };
}
