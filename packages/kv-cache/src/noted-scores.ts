import type { ScoreListener } from './contracts/eviction-policy.js';

/** Records the scores by which a policy chooses, and passes them on. */
export class NotedScores {
  readonly #scores = new Map<number, Map<number, Float64Array>>();
  readonly listener: ScoreListener;

  constructor(next?: ScoreListener) {
    this.listener = (layer, head, scores) => {
      next?.(layer, head, scores);
      let heads = this.#scores.get(layer);
      if (heads === undefined) {
        heads = new Map();
        this.#scores.set(layer, heads);
      }
      heads.set(head, Float64Array.from(scores)); // the array is valid during the call only
    };
  }

  /** Scores of the first rows of a head; empty where none were told. */
  of(layer: number, head: number): Float64Array {
    return this.#scores.get(layer)?.get(head) ?? new Float64Array(0);
  }
}
