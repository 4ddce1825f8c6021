import {
  type AgentEpisode,
  DecisionTransformer,
  type EpisodeOptions,
} from '@namm/cache-decision-transformer';
import { checkNames, InvalidArgumentError, type ProgressListener } from '@namm/core';
import { createEnvironment, type Environment } from '@namm/environments';
import type { EpisodeRecord } from './episode-record.js';
import type { EvaluationPlan } from './evaluation-plan.js';
import type { EvaluationStore } from './evaluation-store.js';
import type { MemoryContender } from './memory-contender.js';
import { playEpisode } from './play-episode.js';

/** Options of {@link runEvaluation}. */
export interface RunEvaluationOptions {
  /** Stops between two steps; the episode that was being played is played again. */
  readonly signal?: AbortSignal;
  /** Told of the episodes that are done, those of earlier runs among them. */
  readonly onProgress?: ProgressListener;
}

/**
 * Plays the episodes of a plan that the store has not. All contenders play an episode before the next begins, so that what
 * is done so far can be compared at any time. An episode is the same whatever was played before it.
 *
 * @throws {InvalidArgumentError} when the environment does not fit the model, or a contender cannot serve it; nothing has
 *   then been played
 * @throws the reason of the signal, when it stops
 */
export async function runEvaluation(
  plan: EvaluationPlan,
  store: EvaluationStore,
  options: RunEvaluationOptions = {},
): Promise<void> {
  const { signal, onProgress } = checkNames('runEvaluation', options, ['signal', 'onProgress']);
  const turns = plan.seeds.flatMap((seed) =>
    plan.contenders.map((contender) => ({ contender, seed })),
  );
  const missing = turns.filter(({ contender, seed }) => !store.record(contender, seed));
  const report = (left: number) =>
    onProgress?.({ stage: 'episodes', done: turns.length - left, total: turns.length });
  report(missing.length);
  // A model for each probe: an episode computes the same whoever else is in the plan.
  const models = new Map<string, DecisionTransformer>();
  const environment = await createEnvironment(plan.settings.environment);
  try {
    for (const contender of plan.contenders) {
      const key = JSON.stringify(contender.probe);
      const { probe } = contender;
      if (!models.has(key)) models.set(key, await DecisionTransformer.load(plan.agent, { probe }));
      const model = models.get(key)!;
      checkFit(environment, model);
      await begin(model, contender, 0, plan).release(); // fails now rather than after an hour
    }
    for (const [index, { contender, seed }] of missing.entries()) {
      const model = models.get(JSON.stringify(contender.probe))!;
      const episode = begin(model, contender, seed, plan);
      try {
        const played = await playEpisode(episode, environment, seed, signal);
        const { name, settings } = contender;
        await store.add({ contender: name, settings, ...played } satisfies EpisodeRecord);
      } finally {
        await episode.release();
      }
      report(missing.length - index - 1);
    }
  } finally {
    environment.release();
    for (const model of models.values()) await model.release();
  }
}

function begin(
  model: DecisionTransformer,
  { window, policy }: MemoryContender,
  seed: number,
  { settings }: EvaluationPlan,
): AgentEpisode {
  const chosen = policy(seed);
  const memory: EpisodeOptions = { ...(window && { window }), ...(chosen && { policy: chosen }) };
  return model.createEpisode({ ...settings.episode, ...actionsOf(model), ...memory });
}

/** Published folders say nothing of actions: theirs are continuous. */
const actionsOf = ({ agent }: DecisionTransformer) => ({ actions: agent?.actions ?? 'continuous' });

function checkFit(environment: Environment, model: DecisionTransformer): void {
  const { stateSize, actionSize, timesteps } = model.spec;
  const { name, observationSize, horizon } = environment;
  const complain = (problem: string) => {
    throw new InvalidArgumentError('environment', `${name} ${problem}`);
  };
  if (observationSize !== stateSize) {
    complain(`has observations of ${observationSize} numbers, the model states of ${stateSize}`);
  }
  if (environment.actionSize !== actionSize) {
    complain(`has actions of ${environment.actionSize} numbers, the model of ${actionSize}`);
  }
  const { actions } = actionsOf(model);
  if (environment.actions !== actions)
    complain(`has ${environment.actions} actions, not ${actions}`);
  if ((model.agent?.timesteps ?? 'absolute') === 'absolute' && horizon > timesteps) {
    complain(`has ${horizon} steps, and the model knows ${timesteps} timesteps`);
  }
}
