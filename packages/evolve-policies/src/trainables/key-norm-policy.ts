import { checkNames, InvalidArgumentError } from '@namm/core';
import type { Normaliser } from '@namm/features';
import {
  type CacheView,
  type EvictionPolicy,
  type PolicyState,
  SavedStateReader,
} from '@namm/kv-cache';
import { selectSlots } from '@namm/namm';
import { keyNorms } from './key-norms.js';

/** A linear scorer on two features of a token, shared by all heads and layers. */
export interface KeyNormPolicyOptions {
  /** Of the normalised key norm, of log(1 + age), and the constant. */
  readonly weights: readonly [norm: number, age: number, bias: number];
  /** Added to the constant, per head: `[layers, heads]`. @defaultValue all heads alike */
  readonly headBias?: { readonly heads: number; readonly values: readonly number[] };
  /** Statistics of the key norms: `[1]`, or `[layers, heads, 1]`. */
  readonly normaliser: Normaliser;
  /** Tokens between updates. */
  readonly updateInterval: number;
}

/**
 * Decides like a NAMM, every `updateInterval` tokens and by the sign of a score, but without seeing attention: score =
 * w₁ z(‖k‖) + w₂ log(1 + age) + b. It remembers nothing.
 *
 * @throws {InvalidArgumentError} for weights that are not finite
 */
export function keyNormPolicy(options: KeyNormPolicyOptions): EvictionPolicy {
  const { weights, normaliser, updateInterval, headBias } = checkNames('keyNormPolicy', options, [
    ...(['weights', 'normaliser', 'updateInterval', 'headBias'] as const),
  ]);
  if (weights.length !== 3 || !weights.every(Number.isFinite)) {
    throw new InvalidArgumentError('weights', `[${weights}] are not three finite numbers`);
  }
  const [normWeight, ageWeight, bias] = weights;
  const scoresOf = (view: CacheView, layer: number, head: number): Float64Array => {
    const row = normaliser.shape.length === 1 ? 0 : layer * normaliser.shape[1]! + head;
    const mean = normaliser.mean[row]!;
    const own = bias + (headBias?.values[layer * headBias.heads + head] ?? 0);
    const deviation = Math.sqrt(normaliser.variance[row]!);
    const scores = keyNorms(view, layer, head);
    const tokens = view.tokens(layer, head);
    for (let i = 0; i < scores.length; i++) {
      const age = view.seen - 1 - tokens[i]!;
      const norm = (scores[i]! - mean) / deviation;
      scores[i] = normWeight * norm + ageWeight * Math.log1p(age) + own;
    }
    return scores;
  };
  const state: PolicyState = {
    bytes: 0,
    observe() {},
    async select(view, onScores) {
      const isDue = view.seen % updateInterval === 0;
      return view.shape.layers.map(({ keyValueHeads }, layer) => {
        if (!isDue) return null;
        const heads = Array.from({ length: keyValueHeads }, (_, head) => head);
        const scores = heads.map((head) => scoresOf(view, layer, head));
        for (const head of heads) onScores?.(layer, head, scores[head]!.subarray(0, -1));
        const kept = selectSlots(scores, 'exact', { tail: 1, slots: Infinity });
        return kept.every(({ length }, head) => length === scores[head]!.length) ? null : kept;
      });
    },
    retain() {},
    fork: () => state,
    save: () => new Map(),
  };
  const policy: EvictionPolicy = {
    name: 'key-norm',
    settings: {
      ...{ weights, updateInterval, ...(headBias && { headBias }) },
      normaliser: {
        shape: normaliser.shape,
        mean: [...normaliser.mean],
        variance: [...normaliser.variance],
      },
    },
    probe: { kind: 'none' },
    updateInterval,
    start: () => state,
    restore(_, saved) {
      new SavedStateReader(saved).end();
      return state;
    },
    takeOver: () => state, // all it needs is in the cache
  };
  return policy;
}
