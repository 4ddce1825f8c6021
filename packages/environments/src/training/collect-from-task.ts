import {
  checkInteger,
  checkNames,
  checkShare,
  InvalidArgumentError,
  type ProgressListener,
  Random,
} from '@namm/core';
import type { Act, Agent } from '../contracts/agent.js';
import type { Environment } from '../contracts/environment.js';
import {
  createEnvironment,
  createMemoryTask,
  type EnvironmentSettings,
  isMemoryTask,
} from '../create-environment.js';
import { recordEpisode } from '../data/record-episode.js';
import { purpose } from '../purpose.js';
import { randomAction, randomAgent } from '../random-agent.js';
import { Collection } from './collection.js';

/** One of the agents that episodes come from. */
export interface MixtureAgent {
  readonly agent: 'oracle' | 'memoryless' | 'random';
  /** How many of the episodes are its own, relative to the others. */
  readonly share: number;
  /** The probability that a step is a random one instead. @defaultValue 0 */
  readonly randomActions?: number;
}

export interface CollectFromTaskOptions {
  /** A memory task; also one with a noisy history. */
  readonly environment: EnvironmentSettings;
  readonly mixture: readonly MixtureAgent[];
  readonly episodes: number;
  readonly seed: number;
  /** Folder for the file, which is named by the return that the data reach. */
  readonly out: string;
  readonly signal?: AbortSignal;
  /** Told of the episodes collected. */
  readonly onProgress?: ProgressListener;
}

const optionNames = [
  'environment',
  'mixture',
  'episodes',
  'seed',
  'out',
  'signal',
  'onProgress',
] as const;

/**
 * A data set of a memory task, from a mixture of agents that solve it and agents that do not, so that a model
 * of it learns to tell returns apart.
 *
 * @returns the path of the file, and what it says of itself
 * @throws {InvalidArgumentError} naming the option that is wrong
 *
 * @example
 * ```ts
 * await collectFromTask({
 *   environment: { name: 't-maze', length: 100 },
 *   mixture: [{ agent: 'oracle', share: 2 }, { agent: 'memoryless', share: 1 }],
 *   episodes: 1000, seed: 0, out: 'data',
 * });
 * ```
 */
export async function collectFromTask(options: CollectFromTaskOptions) {
  const { environment, mixture, episodes, seed, out, signal, onProgress } = checkNames(
    'collectFromTask',
    options,
    optionNames,
  );
  checkInteger('episodes', episodes, 1);
  if (!isMemoryTask(environment)) {
    throw new InvalidArgumentError(
      'environment',
      `${environment.name} has no oracle; use trainArs`,
    );
  }
  checkMixture(mixture);
  const { noisyHistory: _, ...plain } = environment as EnvironmentSettings & { name: 't-maze' };
  const task = createMemoryTask(plain); // for its agents
  const own = await createEnvironment(environment);
  const collection = new Collection(own, environment);
  for (let episode = 0; episode < episodes; episode++) {
    signal?.throwIfAborted();
    const random = new Random(seed, purpose.collection, episode);
    const chosen = drawn(mixture, random);
    const agent = chosen.agent === 'random' ? randomAgent(own) : task[chosen.agent]();
    const noisy = withRandomActions(agent, own, chosen.randomActions ?? 0);
    const { result, recorded } = recordEpisode(own, noisy, random.uint32());
    collection.add(result, recorded);
    onProgress?.({ stage: 'collecting', done: episode + 1, total: episodes });
    if (episode % 32 === 31) await new Promise(setImmediate); // so that an abort can be heard
  }
  const parts = mixture.map(({ agent, share, randomActions }) => {
    const noise = randomActions ? ` with ${randomActions} random actions` : '';
    return `${agent}${noise} ${share}`;
  });
  return collection.write(out, {
    style: 'mixture',
    collected: `a mixture: ${parts.join(', ')}`,
    seed,
  });
}

/** One of the agents, as often as its share says. */
function drawn(mixture: readonly MixtureAgent[], random: Random): MixtureAgent {
  let left = random.uniform() * mixture.reduce((sum, { share }) => sum + share, 0);
  for (const part of mixture) {
    left -= part.share;
    if (left < 0) return part;
  }
  return mixture.at(-1)!; // rounding
}

function checkMixture(mixture: readonly MixtureAgent[]): void {
  if (!Array.isArray(mixture) || mixture.length === 0) {
    throw new InvalidArgumentError('mixture', 'needs at least one agent with its share');
  }
  for (const [i, part] of mixture.entries()) {
    checkNames(`mixture[${i}]`, part, ['agent', 'share', 'randomActions']);
    const { agent, share, randomActions = 0 } = part;
    if (!['oracle', 'memoryless', 'random'].includes(agent)) {
      throw new InvalidArgumentError(
        `mixture[${i}].agent`,
        `'${agent}' is not oracle, memoryless or random`,
      );
    }
    if (!(share > 0 && Number.isFinite(share))) {
      throw new InvalidArgumentError(`mixture[${i}].share`, `${share} is not a number above 0`);
    }
    checkShare(`mixture[${i}].randomActions`, randomActions);
  }
}

function withRandomActions(agent: Agent, shape: Environment, probability: number): Agent {
  if (probability === 0) return agent;
  return {
    name: agent.name,
    begin(seed): Act {
      const act = agent.begin(seed);
      const random = new Random(seed, purpose.agent, 1);
      return (observation, previous) => {
        const meant = act(observation, previous); // always asked, so that it sees everything
        return random.uniform() < probability ? randomAction(shape, random) : meant;
      };
    },
  };
}
