import type { EpisodeRecord } from './episode-record.js';
import type { EvaluationPlan } from './evaluation-plan.js';
import type { EvaluationStore } from './evaluation-store.js';
import type { MemoryContender } from './memory-contender.js';

/** An episode of a contender, and the one of `full` on the same seed. */
export interface PairedEpisode {
  readonly own: EpisodeRecord;
  readonly full: EpisodeRecord;
}

/**
 * The episodes that a contender and `full` have both finished, without those in which the simulation broke down; none
 * if `full` is not in the plan.
 */
export function pairedEpisodes(
  { contenders, seeds }: EvaluationPlan,
  store: EvaluationStore,
  contender: MemoryContender,
): PairedEpisode[] {
  const baseline = contenders.find(({ name }) => name === 'full');
  if (!baseline) return [];
  return seeds.flatMap((seed) => {
    const [own, full] = [store.record(contender, seed), store.record(baseline, seed)];
    const isSound = own && full && own.end !== 'failed' && full.end !== 'failed';
    return isSound ? [{ own, full }] : [];
  });
}
