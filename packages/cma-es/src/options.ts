import { InvalidArgumentError } from '@namm/core/portable';
import { type Bounds, type BoundsOptions, resolveBounds } from './bounds.js';
import type { Factor, ModelChoice, ModelName } from './models/create-model.js';
import { chooseModel } from './models/create-model.js';
import type { Precision } from './models/matrix-adaptation-model.js';
import type { NoiseOptions } from './noise.js';
import type { NormalSource } from './normals/fill-normals.js';
import type { RatesName } from './rates/rates.js';
import { resolveStop, type StopOptions } from './stop.js';

/** How a strategy is set up. Only `mean`, `sigma` and `seed` are needed. */
export interface CmaEsOptions {
  /** Where the search starts: one finite number per dimension. */
  readonly mean: ArrayLike<number>;
  /** Standard deviation of the first candidates, above 0: a third of how far the optimum may be. */
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
  readonly model?: ModelName | 'auto';
  /** How `full` keeps C. @defaultValue `eigen` up to 200 dimensions, `matrix-adaptation` above */
  readonly factor?: Factor;
  /** Width of the matrix under matrix adaptation. @defaultValue `double` up to 1,000 dimensions, `single` above */
  readonly precision?: Precision;
  /** Learning rates and small rules of which implementation; `lm-ma` has its own. @defaultValue 'pycma' */
  readonly rates?: RatesName;
  /** Factor of each coordinate's deviation, above 0. @defaultValue 1 each */
  readonly scales?: ArrayLike<number>;
  /** C to start from, n × n row-major, in units of sigma² and scales; `full` and `sep` (its diagonal) take one. */
  readonly covariance?: ArrayLike<number> | null;
  readonly bounds?: BoundsOptions | null;
  readonly stop?: Partial<StopOptions>;
  /** Evaluates some candidates twice, and acts on what that shows. */
  readonly noise?: NoiseOptions | null;
  /** What {@link CmaEs.answer} is. @defaultValue `mean` with noise handling, else `best` */
  readonly answer?: 'best' | 'mean';
  /**
   * What moves the step size: the path p_σ, or whether the candidates are better than those of the generation
   * before (population success rule). `success` compares fitness across generations, so it needs an objective that
   * stays the same, and little noise. @defaultValue `success` for `lm-ma` without noise handling and bounds, else
   * `path`
   */
  readonly stepSize?: 'path' | 'success';
  /** Divides ‖p_σ‖ by what it can have reached so far; `lm-ma` has another rule. @defaultValue false */
  readonly debiasedPath?: boolean;
  /** Added to every element of C in generation 0, as the reference NAMM implementation does. @defaultValue 0 */
  readonly firstGenerationShift?: number;
  /** Third number of the random stream: restarts of one seed differ in it. @defaultValue 0 */
  readonly restart?: number;
  /** Standard normal numbers, to repeat a recorded run. @defaultValue {@link fillNormals} */
  readonly normals?: NormalSource;
}

/** Options with all choices made. Functions aside, it is plain data. */
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
  readonly stop: StopOptions;
  readonly noise: NoiseOptions | null;
  readonly answer: 'best' | 'mean';
  readonly stepSize: 'path' | 'success';
  readonly debiasedPath: boolean;
  readonly firstGenerationShift: number;
  readonly restart: number;
}

const smallestPopulation = 3;
const mostDimensions = 1_000_000;
/** Of all candidates of a generation: 4 GB in double precision. */
const mostNumbers = 500_000_000;

function oneOf<Value extends string>(
  name: string,
  value: Value | undefined,
  allowed: readonly Value[],
  fallback: Value,
): Value {
  if (value === undefined) return fallback;
  if (allowed.includes(value)) return value;
  throw new InvalidArgumentError(name, `'${String(value)}' is none of ${allowed.join(', ')}`);
}

/** @throws {InvalidArgumentError} unless there are `length` numbers and all pass `accept` */
function numbers(
  name: string,
  values: ArrayLike<number>,
  length: number,
  accept: (value: number) => boolean,
  needed: string,
): Float64Array {
  if (values.length !== length) {
    throw new InvalidArgumentError(name, `has ${values.length} numbers, not ${length}`);
  }
  const result = Float64Array.from(values);
  const wrong = result.findIndex((value) => !accept(value));
  if (wrong >= 0) {
    throw new InvalidArgumentError(name, `number ${wrong} is ${result[wrong]}; ${needed}`);
  }
  return result;
}

/** A vector of finite numbers. */
export function finiteNumbers(
  name: string,
  values: ArrayLike<number>,
  length: number,
): Float64Array {
  return numbers(name, values, length, Number.isFinite, 'finite numbers are needed');
}

function resolveCovariance(values: ArrayLike<number>, n: number): Float64Array {
  const matrix = finiteNumbers('covariance', values, n * n);
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

/** @throws {InvalidArgumentError} naming the option that cannot be used */
export function resolveOptions(given: CmaEsOptions): ResolvedOptions {
  const n = given.mean.length;
  if (n < 1 || n > mostDimensions) {
    throw new InvalidArgumentError('mean', `has ${n} numbers; 1 to ${mostDimensions} are taken`);
  }
  const mean = finiteNumbers('mean', given.mean, n);
  if (!(given.sigma > 0 && given.sigma < Number.POSITIVE_INFINITY)) {
    throw new InvalidArgumentError('sigma', `${given.sigma} is not a finite number above 0`);
  }
  if (!Number.isSafeInteger(given.seed) || given.seed < 0) {
    throw new InvalidArgumentError('seed', `${given.seed} is not a non-negative safe integer`);
  }
  const populationSize = given.populationSize ?? 4 + Math.floor(3 * Math.log(n));
  if (!Number.isInteger(populationSize) || populationSize < smallestPopulation) {
    const problem = `${populationSize} is not an integer from ${smallestPopulation} on`;
    throw new InvalidArgumentError('populationSize', problem);
  }
  if (populationSize * n > mostNumbers) {
    const problem = `${populationSize} candidates of ${n} numbers are more than ${mostNumbers} in all`;
    throw new InvalidArgumentError('populationSize', problem);
  }
  const restart = given.restart ?? 0;
  if (restart >>> 0 !== restart) {
    throw new InvalidArgumentError('restart', `${restart} is not an unsigned 32-bit integer`);
  }
  const firstGenerationShift = given.firstGenerationShift ?? 0;
  if (!(firstGenerationShift >= 0 && firstGenerationShift < Number.POSITIVE_INFINITY)) {
    throw new InvalidArgumentError(
      'firstGenerationShift',
      `${firstGenerationShift} is not 0 or more`,
    );
  }
  oneOf('model', given.model, ['auto', 'full', 'sep', 'iso', 'lm-ma'], 'auto');
  oneOf('factor', given.factor, ['eigen', 'matrix-adaptation'], 'eigen');
  oneOf('precision', given.precision, ['single', 'double'], 'double');
  const positive = (value: number) => value > 0 && value < Number.POSITIVE_INFINITY;
  const choice = chooseModel(n, given);
  const success = choice.model === 'lm-ma' && !given.noise && !given.bounds;
  return {
    ...choice,
    mean,
    sigma: given.sigma,
    seed: given.seed,
    run: given.run ?? 'cma-es',
    goal: oneOf('goal', given.goal, ['minimise', 'maximise'], 'minimise'),
    populationSize,
    rates: oneOf('rates', given.rates, ['tutorial', 'pycma', 'cmaes', 'namm'], 'pycma'),
    scales: given.scales
      ? numbers('scales', given.scales, n, positive, 'finite numbers above 0 are needed')
      : new Float64Array(n).fill(1),
    covariance: given.covariance ? resolveCovariance(given.covariance, n) : null,
    bounds: given.bounds ? resolveBounds(given.bounds, mean) : null,
    stop: resolveStop(given.stop ?? {}, n, populationSize),
    noise: given.noise ?? null,
    answer: oneOf('answer', given.answer, ['best', 'mean'], given.noise ? 'mean' : 'best'),
    stepSize: oneOf('stepSize', given.stepSize, ['path', 'success'], success ? 'success' : 'path'),
    debiasedPath: given.debiasedPath ?? false,
    firstGenerationShift,
    restart,
  };
}
