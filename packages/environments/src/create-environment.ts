import { checkChoice, InvalidArgumentError } from '@namm/core';
import type { Environment } from './contracts/environment.js';
import type { MemoryTask } from './contracts/memory-task.js';
import { ActiveTMaze, type ActiveTMazeOptions } from './memory/active-t-maze.js';
import { Autoencode, type AutoencodeOptions } from './memory/autoencode.js';
import { KeyToDoor, type KeyToDoorOptions } from './memory/key-to-door.js';
import { RepeatPrevious, type RepeatPreviousOptions } from './memory/repeat-previous.js';
import { TMaze, type TMazeOptions } from './memory/t-maze.js';
import { VisualMatch, type VisualMatchOptions } from './memory/visual-match.js';
import { NoisyHistory, type NoisyHistoryOptions } from './noisy-history.js';
import { halfCheetah } from './physics/half-cheetah.js';
import { hopper } from './physics/hopper.js';
import { PhysicsEnvironment, type PhysicsOptions } from './physics/physics-environment.js';
import { walker2d } from './physics/walker2d.js';

/** A memory task and its options, as plain data. */
export type MemoryTaskSettings =
  | ({ readonly name: 't-maze' } & TMazeOptions)
  | ({ readonly name: 'active-t-maze' } & ActiveTMazeOptions)
  | ({ readonly name: 'key-to-door' } & KeyToDoorOptions)
  | ({ readonly name: 'visual-match' } & VisualMatchOptions)
  | ({ readonly name: 'repeat-previous' } & RepeatPreviousOptions)
  | ({ readonly name: 'autoencode' } & AutoencodeOptions);

/** A body of MuJoCo and its options, as plain data. */
export type PhysicsSettings = {
  readonly name: 'hopper' | 'half-cheetah' | 'walker2d';
} & PhysicsOptions;

/** An environment as plain data: what worker threads, files and command lines name it by. */
export type EnvironmentSettings = (MemoryTaskSettings | PhysicsSettings) & {
  /** Early actions replaced by random ones. */
  readonly noisyHistory?: NoisyHistoryOptions;
};

const memoryTasks = {
  't-maze': TMaze,
  'active-t-maze': ActiveTMaze,
  'key-to-door': KeyToDoor,
  'visual-match': VisualMatch,
  'repeat-previous': RepeatPrevious,
  autoencode: Autoencode,
};
const bodies = { hopper, 'half-cheetah': halfCheetah, walker2d };

/** Names that `createEnvironment` knows. */
export const environmentNames = [
  ...(Object.keys(memoryTasks) as (keyof typeof memoryTasks)[]),
  ...(Object.keys(bodies) as (keyof typeof bodies)[]),
];

/** Whether settings are those of a memory task. */
export function isMemoryTask(settings: EnvironmentSettings): settings is MemoryTaskSettings {
  return settings.name in memoryTasks;
}

/**
 * A memory task from its settings.
 *
 * @throws {InvalidArgumentError} for an unknown name or option, or a wrong value
 *
 * @example
 * ```ts
 * const task = createMemoryTask({ name: 'key-to-door', length: 200 });
 * const act = task.oracle().begin(0);
 * ```
 */
export function createMemoryTask(settings: MemoryTaskSettings): MemoryTask {
  const { name, ...options } = settings;
  checkChoice('name', name, Object.keys(memoryTasks));
  const Task = memoryTasks[name] as new (options: object) => MemoryTask;
  return new Task(options);
}

/**
 * An environment from its settings.
 *
 * @throws {InvalidArgumentError} for an unknown name or option, or a wrong value
 * @throws {NammError} `MISSING_PACKAGE` when physics is asked for and MuJoCo is not installed
 *
 * @example
 * ```ts
 * const environment = await createEnvironment({ name: 'hopper', velocities: 'masked' });
 * ```
 */
export async function createEnvironment(settings: EnvironmentSettings): Promise<Environment> {
  if (typeof settings !== 'object' || settings === null) {
    throw new InvalidArgumentError(
      'settings',
      `needs an object with a name: ${environmentNames.join(', ')}`,
    );
  }
  checkChoice('name', settings.name, environmentNames);
  const { noisyHistory, ...own } = settings;
  const environment = await createPlain(own);
  if (noisyHistory === undefined) return environment;
  try {
    return new NoisyHistory(environment, noisyHistory);
  } catch (error) {
    environment.release();
    throw error;
  }
}

async function createPlain(settings: MemoryTaskSettings | PhysicsSettings): Promise<Environment> {
  if (settings.name in memoryTasks) return createMemoryTask(settings as MemoryTaskSettings);
  const { name, ...options } = settings as PhysicsSettings;
  return PhysicsEnvironment.load(bodies[name], options);
}
