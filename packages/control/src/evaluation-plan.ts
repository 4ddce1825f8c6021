import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EpisodeOptions } from '@namm/cache-decision-transformer';
import { checkInteger, checkNames, FileFormatError, InvalidArgumentError } from '@namm/core';
import {
  createEnvironment,
  type EnvironmentSettings,
  isMemoryTask,
  mujocoVersion,
} from '@namm/environments';
import type { MemoryContender } from './memory-contender.js';

/** Options of {@link planEvaluation}. */
export interface EvaluationOptions {
  /** Folder of a Decision Transformer. */
  readonly agent: string;
  /** @defaultValue that of the folder's `agent.json` */
  readonly environment?: EnvironmentSettings;
  /** At least one, each with a name of its own. */
  readonly contenders: readonly MemoryContender[];
  /** Episodes of each. */
  readonly episodes: number;
  /** Of the first episode; the next have the next seeds. The same for all contenders. @defaultValue 0 */
  readonly seed?: number;
  /** What the folder's `agent.json` does not say, or says otherwise. */
  readonly episode?: Pick<EpisodeOptions, 'targetReturn' | 'returnScale' | 'normalisation'>;
}

/** An evaluation, checked as far as can be without running the model. */
export interface EvaluationPlan {
  readonly agent: string;
  readonly contenders: readonly MemoryContender[];
  readonly seeds: readonly number[];
  /** All that an episode depends on, but its contender and its seed. */
  readonly settings: {
    /** SHA-256 of the agent's files. */
    readonly agent: string;
    readonly environment: EnvironmentSettings;
    readonly episode: NonNullable<EvaluationOptions['episode']>;
    /** Of MuJoCo, on which physics depends; null in a memory task. */
    readonly physics: string | null;
  };
}

/**
 * Plans the comparison of ways to remember: each contender plays the same episodes.
 *
 * @throws {InvalidArgumentError} naming the option that is wrong; for an environment without a name
 * @throws {FileFormatError} when the folder cannot be read
 */
export async function planEvaluation(options: EvaluationOptions): Promise<EvaluationPlan> {
  const {
    agent,
    contenders,
    episodes,
    seed = 0,
    episode = {},
  } = checkNames('planEvaluation', options, [
    'agent',
    'environment',
    'contenders',
    'episodes',
    'seed',
    'episode',
  ]);
  checkInteger('episodes', episodes, 1);
  checkInteger('seed', seed, 0);
  checkNames('episode', episode, ['targetReturn', 'returnScale', 'normalisation']);
  if (contenders.length === 0) throw new InvalidArgumentError('contenders', 'there are none');
  const names = contenders.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new InvalidArgumentError('contenders', `'${twice}' is there twice`);
  const digest = await digestOf(agent);
  const environment = options.environment ?? (await environmentOf(agent));
  (await createEnvironment(environment)).release(); // checks it
  return {
    agent,
    contenders,
    seeds: Array.from({ length: episodes }, (_, i) => seed + i),
    settings: {
      agent: digest,
      environment,
      episode,
      physics: isMemoryTask(environment) ? null : mujocoVersion,
    },
  };
}

/** What `agent.json` says that the model was trained for. */
async function environmentOf(folder: string): Promise<EnvironmentSettings> {
  const file = join(folder, 'agent.json');
  const text = await readFile(file, 'utf8').catch(() => null);
  try {
    const { environment } = JSON.parse(text ?? '{}') as { environment?: EnvironmentSettings };
    if (environment !== undefined) return environment;
  } catch (cause) {
    throw new FileFormatError(file, 'is not valid JSON', { cause });
  }
  const problem = `is missing, and ${text === null ? `there is no ${file}` : `${file} says none`}`;
  throw new InvalidArgumentError('environment', problem);
}

/** Of all that says what the agent computes: a card may change. */
async function digestOf(folder: string): Promise<string> {
  const names = await readdir(folder).catch((cause) => {
    throw new FileFormatError(folder, 'is no folder that can be read', { cause });
  });
  const hash = createHash('sha256');
  for (const name of names.filter((each) => /\.(json|safetensors)$/.test(each)).sort()) {
    hash.update(`${name}\0`).update(await readFile(join(folder, name)));
  }
  return hash.digest('hex');
}
