import { Random } from '@namm/core';
import type { CacheShape } from '../contracts/cache-shape.js';
import type { CacheUpdate } from '../contracts/cache-update.js';
import type { CacheView } from '../contracts/eviction-policy.js';
import type { Observation, Probe } from '../contracts/probe.js';
import type { KVCache } from '../kv-cache.js';

/** What a layer sees of a text: `[tokens, headSize]` per query head and per KV head. */
export interface LayerTokens {
  readonly queries: readonly Float32Array[];
  readonly keys: readonly Float32Array[];
}

/** Random tokens for every layer of a shape. */
export function randomTokens(shape: CacheShape, count: number, seed: number): LayerTokens[] {
  return shape.layers.map(({ queryHeads, keyValueHeads, headSize }, layer) => {
    const heads = (number: number, kind: number) =>
      Array.from({ length: number }, (_, head) => {
        const random = new Random(seed, layer, head, kind);
        return Float32Array.from({ length: count * headSize }, () => 2 * random.normal());
      });
    return { queries: heads(queryHeads, 0), keys: heads(keyValueHeads, 1) };
  });
}

/** Attention of one new query to every row held and every new row, `[slots]`; zero where it cannot see. */
export function attend(
  view: CacheView,
  tokens: LayerTokens,
  layer: number,
  queryHead: number,
  position: number,
  count: number,
): Float64Array {
  const { keyValueHeads, queryHeads, headSize, window } = view.shape.layers[layer]!;
  const head = Math.floor(queryHead / (queryHeads / keyValueHeads));
  const held = view.tokens(layer, head);
  const positions = [...held, ...Array.from({ length: count }, (_, i) => view.seen + i)];
  const weights = positions.map((other) => {
    if (other > position || (window !== null && other <= position - window)) return 0;
    let dot = 0;
    for (let d = 0; d < headSize; d++) {
      const q = tokens.queries[queryHead]![position * headSize + d]!;
      dot += q * tokens.keys[head]![other * headSize + d]!;
    }
    return Math.exp(dot / Math.sqrt(headSize));
  });
  const total = weights.reduce((a, b) => a + b);
  return Float64Array.from(weights, (weight) => weight / total);
}

/** The probe of one layer, from the attention matrix of the pass. */
function observe(
  view: CacheView,
  tokens: LayerTokens,
  layer: number,
  count: number,
  probe: Probe,
): Observation {
  const { keyValueHeads, queryHeads } = view.shape.layers[layer]!;
  const group = queryHeads / keyValueHeads;
  if (probe.kind === 'queries') {
    const { headSize } = view.shape.layers[layer]!;
    const heads = Array.from({ length: keyValueHeads }, (_, head) => {
      const own = tokens.queries.slice(head * group, (head + 1) * group);
      const fresh = [view.seen * headSize, (view.seen + count) * headSize] as const;
      const all = own.flatMap((queries) => Array.from(queries.subarray(...fresh)));
      return Float32Array.from(all, (number) => number / Math.sqrt(headSize));
    });
    return { kind: 'queries', queries: count, heads };
  }
  const rows = probe.kind === 'lastQueries' ? Math.min(probe.count, count) : count;
  const heads = Array.from({ length: keyValueHeads }, (_, head) => {
    const slots = view.length(layer, head) + count;
    const all = new Float64Array(group * rows * slots);
    for (let i = 0; i < group * rows; i++) {
      const position = view.seen + count - rows + (i % rows);
      const queryHead = head * group + Math.floor(i / rows);
      all.set(attend(view, tokens, layer, queryHead, position, count), i * slots);
    }
    if (probe.kind === 'lastQueries') return all;
    const sums = new Float64Array(slots);
    for (const [i, value] of all.entries()) sums[i % slots]! += value / group;
    return sums;
  });
  return probe.kind === 'lastQueries'
    ? { kind: 'lastQueries', rows, heads }
    : { kind: 'columnSums', heads };
}

/** What the next `count` tokens hand to a cache; values are the negated keys. */
export function updateOf(
  view: KVCache,
  tokens: readonly LayerTokens[],
  count: number,
): CacheUpdate {
  const { probe } = view.policy;
  const rows = tokens.map(({ keys }, layer) => {
    const { headSize } = view.shape.layers[layer]!;
    const flat = new Float32Array(keys.length * count * headSize);
    for (const [head, all] of keys.entries()) {
      const fresh = all.subarray(view.seen * headSize, (view.seen + count) * headSize);
      flat.set(fresh, head * count * headSize);
    }
    return { keys: flat, values: flat.map((number) => -number) };
  });
  const observations =
    probe.kind === 'none' ? [] : tokens.map((layer, l) => observe(view, layer, l, count, probe));
  return { count, rows, observations };
}

/** Feeds tokens to a cache in passes of these sizes. */
export async function runPasses(
  cache: KVCache,
  tokens: readonly LayerTokens[],
  counts: readonly number[],
): Promise<void> {
  for (const count of counts) await cache.update(updateOf(cache, tokens, count));
}

/** The tokens that every head holds, per layer and head. */
export function tokensHeld(cache: CacheView): number[][][] {
  return cache.shape.layers.map(({ keyValueHeads }, layer) =>
    Array.from({ length: keyValueHeads }, (_, head) => [...cache.tokens(layer, head)]),
  );
}
