import { checkNames, type ProgressListener } from '@namm/core';
import { groupByProbe } from '@namm/kv-cache';
import { AgentPlayer } from './agent-player.js';
import type { EpisodeRecord } from './episode-record.js';
import type { EvaluationPlan } from './evaluation-plan.js';
import type { EvaluationStore } from './evaluation-store.js';
import type { MemoryContender } from './memory-contender.js';

/** Options of {@link runEvaluation}. */
export interface RunEvaluationOptions {
  /** Stops between two steps; the current episode is played again later. */
  readonly signal?: AbortSignal;
  /** Called with the number of finished episodes, including earlier runs. */
  readonly onProgress?: ProgressListener;
}

/**
 * Plays the episodes of a plan that are missing in the store. All contenders play an episode before the next one
 * begins, so that they can be compared at any time. An episode does not depend on the ones before it.
 *
 * @throws {InvalidArgumentError} when the environment does not match the model, or the model does not support a
 *   contender; nothing has then been played
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
  // A player for each probe: an episode computes the same whoever else is in the plan.
  const players = new Map<MemoryContender, AgentPlayer>();
  const { agent, settings } = plan;
  const { environment, episode } = settings;
  try {
    for (const group of groupByProbe(plan.contenders)) {
      const [{ probe }] = group as [MemoryContender];
      const player = await AgentPlayer.open({ agent, environment, episode, probe });
      for (const contender of group) {
        players.set(contender, player);
        const { policy, window } = contender;
        await player.begin({ policy: policy(0), window }).release(); // fails now rather than later
      }
    }
    for (const [index, { contender, seed }] of missing.entries()) {
      const { name, settings, window } = contender;
      const memory = { policy: contender.policy(seed), window };
      const played = await players.get(contender)!.play(memory, seed, { signal });
      await store.add({ contender: name, settings, ...played } satisfies EpisodeRecord);
      report(missing.length - index - 1);
    }
  } finally {
    for (const player of new Set(players.values())) await player.release();
  }
}
