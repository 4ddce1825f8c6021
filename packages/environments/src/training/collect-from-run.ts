import {
  checkChoice,
  checkInteger,
  checkNames,
  InvalidArgumentError,
  type ProgressListener,
  Random,
} from '@namm/core';
import { createEnvironment } from '../create-environment.js';
import { purpose } from '../purpose.js';
import { type ArsIteration, ArsRun } from './ars-run.js';
import { Collection } from './collection.js';
import type { RolloutJob } from './rollout.js';
import { RolloutPool } from './rollout-pool.js';
import { jobsOf } from './train-ars.js';

/**
 * `replay`: every episode of the training, from its start. `medium`: the first policy that was evaluated at
 * half of the best or more, with noise of 0.1 on its actions. `expert`: the best one, with noise of 0.05.
 */
export type CollectionStyle = 'replay' | 'medium' | 'expert';

export interface CollectFromRunOptions {
  /** Folder of a run of `trainArs`. */
  readonly run: string;
  readonly style: CollectionStyle;
  /** Steps wanted; the last episode is finished. A replay ends with its run. */
  readonly steps: number;
  /** Of the episodes; those of a replay have the seeds of the training. @defaultValue 0 */
  readonly seed?: number;
  /** Folder for the file, which is named by the return that the data reach. */
  readonly out: string;
  /** Worker threads; 0 works in this one. The data do not depend on it. @defaultValue 1 */
  readonly workers?: number;
  /** The script of the threads. @defaultValue `@namm/environments/worker` */
  readonly workerFile?: URL;
  readonly signal?: AbortSignal;
  /** Told of the steps collected. */
  readonly onProgress?: ProgressListener;
}

const optionNames = [
  ...([
    'run',
    'style',
    'steps',
    'seed',
    'out',
    'workers',
    'workerFile',
    'signal',
    'onProgress',
  ] as const),
];

const noises = { medium: 0.1, expert: 0.05 };
/** Episodes of one turn of medium and expert data. */
const batch = 4;

/**
 * A data set of the policies that a run of ARS went through.
 *
 * @returns the path of the file, and what it says of itself
 * @throws {FileFormatError} when there is no run in the folder
 * @throws {InvalidArgumentError} naming the option that is wrong; when the run was never evaluated
 *
 * @example
 * ```ts
 * const { path } = await collectFromRun({ run: 'runs/hopper', style: 'replay', steps: 400_000, out: 'data' });
 * ```
 */
export async function collectFromRun(options: CollectFromRunOptions) {
  checkNames('collectFromRun', options, optionNames);
  const { style, steps, seed = 0, out, workers = 1, workerFile, signal, onProgress } = options;
  checkChoice('style', style, ['replay', 'medium', 'expert']);
  checkInteger('steps', steps, 1);
  checkInteger('workers', workers, 0);
  new Random(seed);
  const run = await ArsRun.open(options.run);
  const { environment } = run.settings;
  const shape = await createEnvironment(environment);
  shape.release();
  const collection = new Collection(shape, environment);
  const source = style === 'replay' ? replay(run) : await repeated(run, style, seed);
  const pool = new RolloutPool(workerFile ? { workers, workerFile } : { workers });
  try {
    for await (const jobs of source.jobs) {
      for (const result of await pool.run(jobs, signal)) {
        if (collection.steps < steps) collection.add(result, result.recorded);
      }
      onProgress?.({ stage: 'collecting', done: Math.min(collection.steps, steps), total: steps });
      if (collection.steps >= steps) break;
    }
  } finally {
    await pool.close();
  }
  return collection.write(out, { style, collected: source.collected, seed });
}

interface Source {
  readonly collected: string;
  readonly jobs: AsyncIterable<readonly RolloutJob[]>;
}

function replay(run: ArsRun): Source {
  async function* jobs() {
    for (let iteration = 1; iteration <= run.last; iteration++) {
      const { policy } = await run.read(iteration - 1);
      yield jobsOf(run.settings, iteration, policy).map((job) => ({ ...job, record: true }));
    }
  }
  return { collected: 'every episode of a training by ARS V2-t, from its start', jobs: jobs() };
}

async function repeated(run: ArsRun, style: 'medium' | 'expert', seed: number): Promise<Source> {
  const evaluated = await run.evaluations();
  if (evaluated.length === 0) {
    throw new InvalidArgumentError(
      'run',
      `${run.folder} was never evaluated; train on, or evaluate more often`,
    );
  }
  const returnOf = ({ evaluation }: (typeof evaluated)[number]) => evaluation.meanReturn!;
  const best = evaluated.reduce((a, b) => (returnOf(b) > returnOf(a) ? b : a));
  const chosen: ArsIteration =
    style === 'expert' ? best : evaluated.find((state) => returnOf(state) >= returnOf(best) / 2)!;
  const noise = noises[style];
  async function* jobs() {
    const random = new Random(seed, purpose.collection);
    for (;;) {
      yield Array.from({ length: batch }, () => ({
        ...{ environment: run.settings.environment, policy: chosen.policy, move: null },
        ...{ noise, seed: random.uint32(), record: true },
      }));
    }
  }
  const collected = `a linear policy after ${chosen.iteration} iterations of ARS V2-t, with normal noise of ${noise}`;
  return { collected, jobs: jobs() };
}
