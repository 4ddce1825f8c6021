import { join } from 'node:path';
import { checkNames, InvalidArgumentError, type ProgressListener } from '@namm/core';
import { type EnvironmentSettings, isMemoryTask } from '../create-environment.js';
import type { DataSetInfo } from '../data/data-set.js';
import { type CollectionStyle, collectFromRun } from './collect-from-run.js';
import { collectFromTask, type MixtureAgent } from './collect-from-task.js';
import { type TrainArsOptions, trainArs } from './train-ars.js';

/** A file of recorded episodes, and what it says of itself. */
export interface CollectedData {
  readonly path: string;
  readonly info: DataSetInfo;
}

/** What only memory tasks have. */
export interface TaskCollection {
  /** @defaultValue 1000 */
  readonly episodes?: number | undefined;
  /** @defaultValue two of three from the oracle, the third from an agent without memory */
  readonly mixture?: readonly MixtureAgent[] | undefined;
}

/** What only bodies have: their policy is trained first. */
export interface BodyCollection
  extends Pick<Partial<TrainArsOptions>, 'stepSize' | 'noise' | 'directions' | 'best'> {
  /** Steps of the training. @defaultValue 300,000 */
  readonly trainingSteps?: number | undefined;
  /** Taken off the reward of each step while training. @defaultValue 1 */
  readonly shift?: number | undefined;
  /** @defaultValue all */
  readonly styles?: readonly CollectionStyle[] | undefined;
  /** Steps of each data set. @defaultValue 100,000 */
  readonly steps?: number | undefined;
  /** Of the episodes of medium and expert data. @defaultValue `seed` */
  readonly episodeSeed?: number | undefined;
  /** Worker threads; the data do not depend on it. @defaultValue 1 */
  readonly workers?: number | undefined;
  /** The script of the threads. @defaultValue `@namm/environments/worker` */
  readonly workerFile?: URL | undefined;
}

/** Options of {@link collectEpisodes}. */
export interface CollectEpisodesOptions extends TaskCollection, BodyCollection {
  readonly environment: EnvironmentSettings;
  /** Of everything random. */
  readonly seed: number;
  /** Folder for the files, which are named by the return that they reach, and for the training of a body. */
  readonly out: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressListener | undefined;
  /** Told of each file once it is written. */
  readonly onData?: ((data: CollectedData) => void) | undefined;
}

const ofTasks = ['episodes', 'mixture'] as const satisfies readonly (keyof TaskCollection)[];
const ofBodies = [
  ...(['trainingSteps', 'stepSize', 'noise', 'directions', 'best', 'shift', 'styles'] as const),
  ...(['steps', 'episodeSeed', 'workers', 'workerFile'] as const),
] satisfies readonly (keyof BodyCollection)[];

/** All data sets that a run of a body gives. */
export const collectionStyles: readonly CollectionStyle[] = ['replay', 'medium', 'expert'];

const mostlyRight: readonly MixtureAgent[] = [
  { agent: 'oracle', share: 2 },
  { agent: 'memoryless', share: 1 },
];

/**
 * Data of our own for Decision Transformers: of a memory task from its oracle, of a body from a policy that is trained for it.
 * A training that is in the folder already is gone on with.
 *
 * @throws {InvalidArgumentError} naming the option that is wrong, or has no effect on the environment
 * @throws the signal's reason when it is aborted
 *
 * @example
 * ```ts
 * await collectEpisodes({ environment: { name: 't-maze', length: 100 }, seed: 1, out: 'data' });
 * ```
 */
export async function collectEpisodes(options: CollectEpisodesOptions): Promise<CollectedData[]> {
  const { environment, seed, out, signal, onProgress, onData } = checkNames(
    'collectEpisodes',
    options,
    [
      ...ofTasks,
      ...ofBodies,
      ...(['environment', 'seed', 'out', 'signal', 'onProgress', 'onData'] as const),
    ],
  );
  const isTask = isMemoryTask(environment);
  for (const name of isTask ? ofBodies : ofTasks) {
    if (options[name] === undefined) continue;
    const kind = isTask ? 'memory task' : 'body';
    throw new InvalidArgumentError(
      name,
      `has no effect on ${environment.name}, which is a ${kind}`,
    );
  }
  const watched = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
  const collected: CollectedData[] = [];
  const add = (data: CollectedData) => {
    collected.push(data);
    onData?.(data);
  };
  if (isTask) {
    const { episodes = 1000, mixture = mostlyRight } = options;
    add(await collectFromTask({ environment, mixture, episodes, seed, out, ...watched }));
    return collected;
  }
  const { trainingSteps = 300_000, shift = 1, steps = 100_000, workers = 1 } = options;
  const { stepSize, noise, directions, best, workerFile, episodeSeed = seed } = options;
  const threads = { workers, ...(workerFile && { workerFile }), ...watched };
  const folder = join(out, `ars-${environment.name}-${seed}`);
  const search = {
    ...(stepSize !== undefined && { stepSize }),
    ...(noise !== undefined && { noise }),
    ...(directions !== undefined && { directions }),
    ...(best !== undefined && { best }),
  };
  await trainArs({ folder, environment, seed, shift, steps: trainingSteps, ...search, ...threads });
  for (const style of options.styles ?? collectionStyles) {
    add(await collectFromRun({ run: folder, style, steps, seed: episodeSeed, out, ...threads }));
  }
  return collected;
}
