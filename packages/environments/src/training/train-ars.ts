import {
  checkInteger,
  checkNames,
  InvalidArgumentError,
  type ProgressListener,
  Random,
} from '@namm/core';
import { createEnvironment, type EnvironmentSettings } from '../create-environment.js';
import { Moments } from '../data/moments.js';
import { purpose } from '../purpose.js';
import { summariseEpisodes } from '../summarise-episodes.js';
import { type ArsIteration, ArsRun, type ArsSettings } from './ars-run.js';
import { type Direction, directionOf, emptyPolicy, type LinearPolicy } from './linear-policy.js';
import type { RolloutJob, RolloutResult } from './rollout.js';
import { RolloutPool, type RolloutPoolOptions } from './rollout-pool.js';

export interface TrainArsOptions {
  /** Of the run: created, or gone on with. */
  readonly folder: string;
  readonly environment: EnvironmentSettings;
  readonly seed: number;
  /** Trains until so many steps of the environment were made; more than before goes on with a finished run. */
  readonly steps: number;
  /** @defaultValue 0.02 */
  readonly stepSize?: number;
  /** Standard deviation of the directions. @defaultValue 0.03 */
  readonly noise?: number;
  /** Directions tried in an iteration, each to both sides. @defaultValue 8 */
  readonly directions?: number;
  /** Directions that the step is made of. @defaultValue 4 */
  readonly best?: number;
  /** Taken off the reward of each step while training, so that standing still is worth nothing. @defaultValue 0 */
  readonly shift?: number;
  /** Iterations between evaluations. @defaultValue 10 */
  readonly evaluateEvery?: number;
  /** Episodes of an evaluation, the same seeds each time. @defaultValue 20 */
  readonly evaluationEpisodes?: number;
  /** Worker threads; 0 works in this one. The numbers do not depend on it. @defaultValue 1 */
  readonly workers?: number;
  /** The script of the threads. @defaultValue `@namm/environments/worker` */
  readonly workerFile?: URL;
  /** Stops between two episodes; the run goes on from its last finished iteration. */
  readonly signal?: AbortSignal;
  /** Told of the steps made, after each iteration. */
  readonly onProgress?: ProgressListener;
}

const optionNames = [
  ...([
    'folder',
    'environment',
    'seed',
    'steps',
    'stepSize',
    'noise',
    'directions',
    'best',
  ] as const),
  ...(['shift', 'evaluateEvery', 'evaluationEpisodes', 'workers', 'workerFile'] as const),
  ...(['signal', 'onProgress'] as const),
];

/**
 * Trains a linear policy by augmented random search, V2-t of Mania et al. 2018 (arXiv 1803.07055): normalised
 * observations, and steps from the best of the directions tried. Every number follows from the settings, so a
 * run that was killed goes on as if nothing had happened.
 *
 * @returns the run; `run.evaluations()` says how good it became
 * @throws {InvalidArgumentError} naming the option that is wrong, or when the folder holds another run
 *
 * @example
 * ```ts
 * const environment = { name: 'hopper' } as const;
 * const run = await trainArs({ folder: 'runs/hopper', environment, seed: 1, steps: 300_000, shift: 1 });
 * ```
 */
export async function trainArs(options: TrainArsOptions): Promise<ArsRun> {
  checkNames('trainArs', options, optionNames);
  const { folder, steps, workers = 1, workerFile, signal, onProgress } = options;
  const settings = settingsOf(options);
  checkInteger('steps', steps, 1);
  checkInteger('workers', workers, 0);
  const shape = await createEnvironment(settings.environment);
  shape.release();
  const run = await ArsRun.create(folder, settings, emptyPolicy(shape));
  let state = await run.read(run.last);
  const poolOptions: RolloutPoolOptions = workerFile ? { workers, workerFile } : { workers };
  const pool = new RolloutPool(poolOptions);
  try {
    while (state.steps < steps) {
      state = await iterate(state, settings, pool, signal);
      await run.write(state);
      onProgress?.({ stage: 'training', done: Math.min(state.steps, steps), total: steps });
    }
  } finally {
    await pool.close();
  }
  return ArsRun.open(folder);
}

function settingsOf(options: TrainArsOptions): ArsSettings {
  const { environment, seed, stepSize = 0.02, noise = 0.03, directions = 8, best = 4 } = options;
  const { shift = 0, evaluateEvery = 10, evaluationEpisodes = 20 } = options;
  new Random(seed); // checks it
  for (const [name, value] of [
    ['stepSize', stepSize],
    ['noise', noise],
  ] as const) {
    if (!(value > 0 && Number.isFinite(value))) {
      throw new InvalidArgumentError(name, `${value} is not a number above 0`);
    }
  }
  if (!Number.isFinite(shift)) throw new InvalidArgumentError('shift', `${shift} is not a number`);
  checkInteger('directions', directions, 1);
  checkInteger('best', best, 1);
  if (best > directions) {
    throw new InvalidArgumentError('best', `${best} is more than the ${directions} directions`);
  }
  checkInteger('evaluateEvery', evaluateEvery, 1);
  checkInteger('evaluationEpisodes', evaluationEpisodes, 1);
  return {
    environment,
    seed,
    stepSize,
    noise,
    directions,
    best,
    shift,
    evaluateEvery,
    evaluationEpisodes,
  };
}

/** The episodes of an iteration: each direction to both sides, under the same seed. */
export function jobsOf(
  { environment, seed, noise, directions }: ArsSettings,
  iteration: number,
  policy: LinearPolicy,
): RolloutJob[] {
  return Array.from({ length: directions }, (_, index) => {
    const direction = { seed, iteration, index };
    const episode = new Random(seed, purpose.rollouts, iteration, index).uint32();
    return [noise, -noise].map((scale) => ({
      ...{ environment, policy, noise: 0, seed: episode, record: false },
      move: { direction, scale },
    }));
  }).flat();
}

async function iterate(
  before: ArsIteration,
  settings: ArsSettings,
  pool: RolloutPool,
  signal: AbortSignal | undefined,
): Promise<ArsIteration> {
  const iteration = before.iteration + 1;
  const results = await pool.run(jobsOf(settings, iteration, before.policy), signal);
  const moments = new Moments(before.policy.moments.mean.length);
  moments.merge({
    count: before.policy.moments.count,
    mean: Float64Array.from(before.policy.moments.mean),
    squares: Float64Array.from(before.policy.moments.squares),
  });
  const sound = results.filter(({ end }) => end !== 'failed');
  for (const result of sound) moments.merge(result.moments); // in the order of the jobs, so always alike
  const policy = {
    weights: stepped(before.policy.weights, settings, iteration, results),
    moments: { count: moments.count, mean: [...moments.mean], squares: [...moments.squares] },
  };
  const evaluated = iteration % settings.evaluateEvery === 0;
  return {
    iteration,
    steps: before.steps + results.reduce((sum, { length }) => sum + length, 0),
    failed: results.length - sound.length,
    policy,
    evaluation: evaluated ? await evaluate(policy, settings, pool, signal) : null,
  };
}

/** The weights after a step along the best directions, weighed by the difference that their side made. */
function stepped(
  weights: readonly number[],
  { seed, stepSize, best, shift }: ArsSettings,
  iteration: number,
  results: readonly RolloutResult[],
): number[] {
  const tried: { direction: Direction; forth: number; back: number }[] = [];
  for (let index = 0; 2 * index < results.length; index++) {
    const pair = [results[2 * index]!, results[2 * index + 1]!];
    // A simulation that broke down says nothing about its direction.
    if (pair.some(({ end }) => end === 'failed')) continue;
    const [forth, back] = pair.map((result) => result.return - shift * result.length);
    tried.push({ direction: { seed, iteration, index }, forth: forth!, back: back! });
  }
  const good = tried
    .sort((a, b) => Math.max(b.forth, b.back) - Math.max(a.forth, a.back))
    .slice(0, best);
  const rewards = good.flatMap(({ forth, back }) => [forth, back]);
  const mean = rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
  const variance = rewards.reduce((sum, reward) => sum + (reward - mean) ** 2, 0) / rewards.length;
  const result = [...weights];
  if (!(variance > 0)) return result; // all alike: nothing to learn
  const factor = stepSize / (good.length * Math.sqrt(variance));
  for (const { direction, forth, back } of good) {
    const numbers = directionOf(direction, result.length);
    for (let i = 0; i < result.length; i++) result[i]! += factor * (forth - back) * numbers[i]!;
  }
  return result;
}

async function evaluate(
  policy: LinearPolicy,
  { environment, seed, evaluationEpisodes }: ArsSettings,
  pool: RolloutPool,
  signal: AbortSignal | undefined,
) {
  const random = new Random(seed, purpose.evaluation);
  const jobs = Array.from({ length: evaluationEpisodes }, () => ({
    ...{ environment, policy, move: null, noise: 0, seed: random.uint32(), record: false },
  }));
  return summariseEpisodes(await pool.run(jobs, signal));
}
