import { checkNames, InvalidArgumentError, shown } from '@namm/core/portable';
import type { HistoryRecord } from './history.js';
import type { CovarianceModel } from './models/covariance-model.js';
import { stopAliases } from './option-names.js';

/** When to stop. Null disables a condition. */
export interface StopOptions {
  /** Best fitness that is good enough. @defaultValue null */
  readonly targetFitness: number | null;
  /** Number of results told. @defaultValue null */
  readonly maximumEvaluations: number | null;
  /** @defaultValue null */
  readonly maximumGenerations: number | null;
  /** Range of the fitness within a generation and of recent best values. @defaultValue 1e-11 */
  readonly fitnessTolerance: number | null;
  /** Range of the best fitness over the last 10 + 30 n/λ generations. @defaultValue 1e-12 */
  readonly fitnessHistoryTolerance: number | null;
  /** Largest deviation of a coordinate. @defaultValue 1e-11 */
  readonly parameterTolerance: number | null;
  /** Growth of the largest deviation since the start: sigma was far too small. @defaultValue 1e3 */
  readonly deviationGrowth: number | null;
  /** Growth of sigma since the start. @defaultValue 1e20 */
  readonly sigmaGrowth: number | null;
  /** Condition number of the covariance matrix. @defaultValue 1e14 */
  readonly condition: number | null;
  /**
   * Consecutive generations whose better 70 % have one fitness. @defaultValue 2; null with `minimumDeviation`, since rounded
   * numbers are often alike
   */
  readonly flatGenerations: number | null;
  /** Generations over which neither best nor median has improved. @defaultValue ⌊100 + 100 n^1.5 / λ⌋ */
  readonly stagnation: number | null;
  /** Whether a tenth of an axis, or a fifth of a coordinate's deviation, must change the mean. @defaultValue true */
  readonly noEffect: boolean | null;
}

/** Why a strategy stopped: the name of a stop option, or what went wrong. */
export type StopReason =
  | Exclude<keyof StopOptions, 'noEffect'>
  | 'noEffectAxis'
  | 'noEffectCoordinate'
  /** Every evaluation of a generation failed; the distribution is unchanged. */
  | 'allFailed'
  /** Mean or sigma overflowed; the distribution is unchanged. */
  | 'overflow';

const defaults = {
  targetFitness: null,
  maximumEvaluations: null,
  maximumGenerations: null,
  fitnessTolerance: 1e-11,
  fitnessHistoryTolerance: 1e-12,
  parameterTolerance: 1e-11,
  deviationGrowth: 1e3,
  sigmaGrowth: 1e20,
  condition: 1e14,
  flatGenerations: 2,
  stagnation: null,
  noEffect: true,
} as const satisfies StopOptions;

/** Disables every condition: only the conditions that you add stop the run. */
export const neverStop: StopOptions = {
  ...defaults,
  fitnessTolerance: null,
  fitnessHistoryTolerance: null,
  parameterTolerance: null,
  deviationGrowth: null,
  sigmaGrowth: null,
  condition: null,
  flatGenerations: null,
  noEffect: null,
};

/** Conditions that count, so that less than one of them is a mistake. */
const counts: readonly string[] = [
  'maximumEvaluations',
  'maximumGenerations',
  'flatGenerations',
  'stagnation',
];

function checkCondition(name: string, value: unknown): void {
  if (value === null || value === undefined) return;
  const wanted = name === 'noEffect' ? 'boolean' : 'number';
  if (typeof value !== wanted || Number.isNaN(value)) {
    throw new InvalidArgumentError(`stop.${name}`, `${shown(value)} is no ${wanted}`);
  }
  if (typeof value !== 'number' || name === 'targetFitness') return;
  const least = counts.includes(name) ? 1 : 0;
  if (value >= least) return;
  throw new InvalidArgumentError(
    `stop.${name}`,
    `${value} is not ${least} or more; null switches it off`,
  );
}

/**
 * @param isRounded candidates are rounded to something before they are evaluated
 * @throws {InvalidArgumentError} for a value out of range, or a name that is not a condition
 */
export function resolveStop(
  given: Partial<StopOptions>,
  dimension: number,
  populationSize: number,
  isRounded = false,
): StopOptions {
  checkNames('stop', given, Object.keys(defaults) as (keyof StopOptions)[], stopAliases);
  for (const [name, value] of Object.entries(given)) checkCondition(name, value);
  const stagnation = Math.floor(100 + (100 * dimension ** 1.5) / populationSize);
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  const flatGenerations = isRounded ? null : defaults.flatGenerations;
  return { ...defaults, flatGenerations, stagnation, ...Object.fromEntries(set) };
}

/** What the conditions look at, after a generation. */
export interface StopState {
  readonly options: StopOptions;
  /** 1 when minimising, −1 when maximising. */
  readonly sign: number;
  readonly populationSize: number;
  readonly mean: Float64Array;
  readonly sigma: number;
  readonly initialSigma: number;
  /** Largest deviation of a coordinate at the start. */
  readonly initialDeviation: number;
  /** Factors of the coordinates. */
  readonly scales: Float64Array;
  /** Largest deviation that was learned; null where the history's is the same. */
  readonly largestLearned: number | null;
  readonly model: CovarianceModel;
  readonly history: readonly HistoryRecord[];
  /** Best fitness so far. */
  readonly best: number;
  /** Consecutive flat generations, the last included. */
  readonly flatGenerations: number;
}

/** Largest minus smallest; the lists may be too long to be arguments. */
function range(values: readonly number[]): number {
  let smallest = Number.POSITIVE_INFINITY;
  let largest = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    smallest = Math.min(smallest, value);
    largest = Math.max(largest, value);
  }
  return largest - smallest;
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}

/** Whether the last 30 % of the window are no better than the first 30 %, in best and in median. */
function stagnates(history: readonly HistoryRecord[], window: number, sign: number): boolean {
  if (history.length < window) return false;
  const share = Math.max(1, Math.floor(window * 0.3));
  const recent = history.slice(-window);
  return (['best', 'median'] as const).every((name) => {
    const costs = recent.map((record) => sign * record[name]);
    return medianOf(costs.slice(-share)) >= medianOf(costs.slice(0, share));
  });
}

function noEffect(state: StopState): StopReason | null {
  const { mean, sigma, scales, model, history } = state;
  const axis = model.axis(history.length % mean.length);
  if (axis?.every((value, i) => mean[i] === mean[i]! + 0.1 * sigma * scales[i]! * value)) {
    return 'noEffectAxis';
  }
  const variances = model.variances();
  const stuck = variances?.some(
    (variance, i) => mean[i] === mean[i]! + 0.2 * sigma * scales[i]! * Math.sqrt(variance),
  );
  return stuck ? 'noEffectCoordinate' : null;
}

/** The first condition that holds, or null. */
export function findStopReason(state: StopState): StopReason | null {
  const { options, sign, history, model, sigma, initialSigma, mean } = state;
  const last = history[history.length - 1]!;
  const reaches = (limit: number | null, value: number) => limit !== null && value >= limit;
  if (options.targetFitness !== null && sign * state.best <= sign * options.targetFitness) {
    return 'targetFitness';
  }
  if (reaches(options.maximumEvaluations, last.evaluations)) return 'maximumEvaluations';
  if (reaches(options.maximumGenerations, history.length)) return 'maximumGenerations';

  const window = Math.floor(10 + (30 * mean.length) / state.populationSize);
  const lately = history.slice(-window).map((record) => record.best);
  if (options.fitnessTolerance !== null && lately.length > 1) {
    const withinGeneration = Math.abs(last.worst - last.best);
    if (Math.max(withinGeneration, range(lately)) < options.fitnessTolerance) {
      return 'fitnessTolerance';
    }
  }
  if (options.fitnessHistoryTolerance !== null && lately.length >= window) {
    if (range(lately) < options.fitnessHistoryTolerance) return 'fitnessHistoryTolerance';
  }
  // Models that know no deviations are judged by sigma alone.
  const known = state.largestLearned ?? last.largestDeviation;
  const largest = Number.isNaN(known) ? sigma : known;
  if (options.parameterTolerance !== null && largest < options.parameterTolerance) {
    return 'parameterTolerance';
  }
  if (reaches(options.deviationGrowth, largest / state.initialDeviation)) return 'deviationGrowth';
  if (reaches(options.sigmaGrowth, sigma / initialSigma)) return 'sigmaGrowth';
  const ratio = model.axisRatio();
  if (ratio !== null && reaches(options.condition, ratio * ratio)) return 'condition';
  if (reaches(options.flatGenerations, state.flatGenerations)) return 'flatGenerations';
  if (options.stagnation !== null && stagnates(history, options.stagnation, sign)) {
    return 'stagnation';
  }
  return options.noEffect ? noEffect(state) : null;
}
