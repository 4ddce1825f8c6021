import { InvalidArgumentError } from '@namm/core';
import type { EvictionPolicy, PolicyState } from '@namm/kv-cache';
import { type NammCheckpoint, namm } from '@namm/namm';
import { quantile } from '@namm/statistics';

/** Collects the scores that a NAMM gives under the full cache: it decides, and nothing is forgotten. */
export class ScoreCollector {
  readonly policy: EvictionPolicy;
  /** `[layers][heads]`, each the scores of some updates. */
  readonly #scores: number[][][] = [];

  constructor(checkpoint: NammCheckpoint) {
    const inner = namm(checkpoint);
    const { updateInterval, probe, settings } = inner;
    const refuse = (what: string) => () => {
      throw new InvalidArgumentError('policy', `a score collector cannot be ${what}`);
    };
    this.policy = {
      ...{ name: 'score-collector', settings, probe, updateInterval: updateInterval! },
      keepsEverything: true,
      start: (shape) => this.#stateOf(inner.start(shape)),
      restore: refuse('restored'),
    };
  }

  /**
   * What is added to the scores of each head so that a share of them is 0 or more, `[layers][heads]`.
   *
   * @throws {InvalidArgumentError} when nothing was scored
   */
  offsets(share: number, allocation: 'joint' | 'per-head'): number[][] {
    if (this.#scores.length === 0) throw noUpdate();
    const cut = (scores: readonly number[]) => -quantile(scores, 1 - share);
    if (allocation === 'per-head') return this.#scores.map((heads) => heads.map(cut));
    const all = cut(this.#scores.flat(2));
    return this.#scores.map((heads) => heads.map(() => all));
  }

  #stateOf(inner: PolicyState): PolicyState {
    return {
      get bytes() {
        return inner.bytes;
      },
      observe: (layer, observation) => inner.observe(layer, observation),
      spectrumFeeds: (queries) => inner.spectrumFeeds!(queries),
      select: async (view) => {
        await inner.select(view, (layer, head, scores) => {
          this.#scores[layer] ??= [];
          this.#scores[layer][head] ??= [];
          for (const score of scores) this.#scores[layer][head].push(score);
        });
        return view.shape.layers.map(() => null);
      },
      retain: (kept) => inner.retain(kept),
      fork() {
        throw new InvalidArgumentError('policy', 'a score collector cannot be forked');
      },
      save() {
        throw new InvalidArgumentError('policy', 'a score collector cannot be saved');
      },
    };
  }
}

/** For episodes that were too short. */
export function noUpdate(): InvalidArgumentError {
  const problem = 'no episode reached an update; play longer ones, or update more often';
  return new InvalidArgumentError('updateInterval', problem);
}
