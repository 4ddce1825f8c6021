import { Random } from '@namm/core';
import { foldFrames } from '@namm/features';
import type { CacheShape, CacheUpdate, KVCache, Observation } from '@namm/kv-cache';

/** A model of 2 layers with 2 KV heads each. */
export const shape: CacheShape = {
  model: 'random',
  layers: [0, 1].map(() => ({ keyValueHeads: 2, queryHeads: 4, headSize: 2, window: null })),
};

/** Attention that some queries pay to the cached rows of one head and to each other, `[queries, slots]`. */
export type MakeAttention = (
  layer: number,
  head: number,
  queries: number,
  tokens: Int32Array,
) => Float32Array;

/**
 * Softmax of random scores, a function of who looks at whom, so that it does not depend on the passes.
 * Tokens differ in how much they attract, and in how often that changes.
 */
export function randomAttention(seed: number): MakeAttention {
  return (layer, head, queries, tokens) => {
    const first = (tokens.at(-1) ?? -1) + 1;
    const slots = tokens.length + queries;
    const attention = new Float32Array(queries * slots);
    const own = Array.from({ length: queries }, (_, i) => first + i);
    const appeal = [...tokens, ...own].map((token) => new Random(seed, layer, head, token));
    const [level, rate] = [appeal.map((own) => own.normal()), appeal.map((own) => own.normal())];
    for (let query = 0; query < queries; query++) {
      const seen = tokens.length + query + 1;
      const weights = level
        .slice(0, seen)
        .map((value, slot) => Math.exp(value + Math.sin(3 * rate[slot]! * (first + query))));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (const [slot, weight] of weights.entries())
        attention[query * slots + slot] = weight / total;
    }
    return attention;
  };
}

/** Feeds a cache whose policy asks for a spectrum one pass; keys and values are the numbers of the tokens. */
export async function pass(
  cache: KVCache,
  queries: number,
  makeAttention: MakeAttention,
): Promise<void> {
  const { seen } = cache;
  const observations: Observation[] = shape.layers.map(({ keyValueHeads }, layer) => {
    const folded = Array.from({ length: keyValueHeads }, (_, head) => {
      const attention = makeAttention(layer, head, queries, cache.tokens(layer, head));
      return foldFrames({
        seen,
        pending: cache.spectrumFeeds(queries)!.pendingRows(layer, head),
        attention,
        queries,
      });
    });
    return {
      kind: 'spectrum',
      queries,
      spectra: folded.map(({ spectrum }) => spectrum),
      heads: folded.map(({ rows }) => rows),
    };
  });
  const row = Array.from({ length: queries }, (_, i) => [seen + i, seen + i]).flat();
  const rows = {
    keys: Float32Array.from([row, row].flat()),
    values: new Float32Array(4 * queries),
  };
  const update: CacheUpdate = { count: queries, rows: [rows, rows], observations };
  await cache.update(update);
}

/** Tokens held per layer and head. */
export function heldTokens(cache: KVCache): number[][][] {
  return shape.layers.map(({ keyValueHeads }, layer) =>
    Array.from({ length: keyValueHeads }, (_, head) => [...cache.tokens(layer, head)]),
  );
}
