import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelFolderError } from '@namm/decoder';

/** How timesteps of the table are given to steps. */
export const timestepModes = ['absolute', 'clamped', 'constant'] as const;

/**
 * `absolute`: step n has timestep n, and an episode ends with the table. `clamped`: steps beyond the table have its
 * last timestep. `constant`: every step has timestep 0, for a model trained that way.
 */
export type Timesteps = (typeof timestepModes)[number];

/** Normalisation of states: (state − mean) / deviation. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** How to use a model: the contents of its folder's `agent.json`. */
export interface AgentSettings {
  readonly actions: 'continuous' | 'discrete';
  readonly normalisation: Normalisation;
  /** Returns are divided by it. */
  readonly returnScale: number;
  /** Target return, in the environment's units. */
  readonly targetReturn: number;
  readonly timesteps: Timesteps;
  /** Context length in training, in steps. */
  readonly context: number;
}

/**
 * Reads `agent.json`, which the project's training recipe writes next to a model.
 *
 * @param folder of the model
 * @param stateSize numbers in a state
 * @returns null when there is no such file
 * @throws {ModelFolderError} naming file and key, when a value is invalid
 */
export async function readAgentSettings(
  folder: string,
  stateSize: number,
): Promise<AgentSettings | null> {
  const file = join(folder, 'agent.json');
  const read = await readFile(file, 'utf8').catch((cause) => {
    if (cause.code === 'ENOENT') return null;
    throw new ModelFolderError(file, 'cannot be read.', { cause });
  });
  if (read === null) return null;
  let values: Record<string, unknown>;
  try {
    values = JSON.parse(read);
  } catch (cause) {
    throw new ModelFolderError(file, 'is not valid JSON; fetch the file again.', { cause });
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new ModelFolderError(file, 'does not hold a JSON object.');
  }
  const fail = (key: string, problem: string): never => {
    throw new ModelFolderError(file, `${key}: ${problem}.`, { details: { key } });
  };
  const number = (key: string, isAllowed: (value: number) => boolean, what: string) => {
    const value = values[key];
    if (typeof value === 'number' && Number.isFinite(value) && isAllowed(value)) return value;
    return fail(key, `${JSON.stringify(value)} is not ${what}`);
  };
  const choice = <T extends string>(key: string, allowed: readonly T[]) =>
    allowed.find((value) => value === values[key]) ??
    fail(key, `${JSON.stringify(values[key])} is none of ${allowed.join(', ')}`);
  const numbers = (key: string, isAllowed: (value: number) => boolean, what: string) => {
    const list = values[key];
    if (!Array.isArray(list)) return fail(key, 'is not a list of numbers');
    if (list.length !== stateSize) {
      return fail(key, `has ${list.length} numbers where a state has ${stateSize}`);
    }
    const bad = list.findIndex((value) => !Number.isFinite(value) || !isAllowed(value));
    return bad < 0 ? (list as number[]) : fail(`${key}[${bad}]`, `${list[bad]} is not ${what}`);
  };
  return {
    actions: choice('actions', ['continuous', 'discrete']),
    normalisation: {
      mean: numbers('mean', () => true, 'a number'),
      deviation: numbers('deviation', (value) => value > 0, 'a positive number'),
    },
    returnScale: number('returnScale', (value) => value > 0, 'a positive number'),
    targetReturn: number('targetReturn', () => true, 'a number'),
    timesteps: choice('timesteps', timestepModes),
    context: number(
      'context',
      (n) => Number.isInteger(n) && n >= 1,
      'a whole number of at least 1',
    ),
  };
}
