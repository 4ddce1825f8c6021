import type { CacheView, PolicySettings } from '../contracts/eviction-policy.js';
import { expectArrays } from '../saved-state.js';
import type { Scorer, ScorerState } from './scorer.js';

/** Writes the scores of one head's rows. */
export type ScoreHead = (
  view: CacheView,
  layer: number,
  head: number,
  slots: number,
  scores: Float64Array,
) => void;

/** A scorer that needs nothing but the cache itself: no probe, no memory. */
export function statelessScorer(
  name: string,
  settings: PolicySettings,
  scoreHead: ScoreHead,
): Scorer {
  const state: ScorerState = {
    bytes: 0,
    observe() {},
    score(view, layer, slots, scores) {
      for (const [head, target] of scores.entries()) {
        scoreHead(view, layer, head, slots[head]!, target);
      }
    },
    endPass() {},
    retain() {},
    fork: () => state,
    save: () => [],
  };
  return {
    name,
    settings,
    probe: { kind: 'none' },
    protectedRows: () => 0,
    bytesPerRow: () => 0,
    start: () => state,
    restore(_, saved) {
      expectArrays(saved, []);
      return state;
    },
  };
}
