import type { FloatArray } from '@namm/core';
import type { KVCache, Observation } from '@namm/kv-cache';

/** What one layer sees of the tokens: `[tokens, headSize]` per query head and per KV head. */
export interface LayerTokens {
  readonly queries: readonly Float32Array[];
  readonly keys: readonly Float32Array[];
}

/**
 * One forward pass as far as a cache sees it: the rows of the next `count` tokens, and the probe of an
 * attention computed in float64 over the rows held and, causally, the new ones.
 */
export async function runPass(
  cache: KVCache,
  layers: readonly LayerTokens[],
  count: number,
): Promise<void> {
  const asked = cache.policy.probe.kind !== 'none';
  const observations = asked
    ? layers.map((tokens, layer) => observe(cache, tokens, layer, count))
    : [];
  const rows = layers.map(({ keys }, layer) => {
    const size = count * cache.shape.layers[layer]!.headSize;
    const flat = new Float32Array(keys.length * size);
    for (const [head, all] of keys.entries())
      flat.set(newRows(cache, layer, all, count), head * size);
    return { keys: flat, values: flat };
  });
  await cache.update({ count, rows, observations });
}

function observe(cache: KVCache, tokens: LayerTokens, layer: number, count: number): Observation {
  const { probe } = cache.policy;
  const group = tokens.queries.length / tokens.keys.length;
  const rows = probe.kind === 'lastQueries' ? Math.min(probe.count, count) : count;
  const heads = tokens.keys.map((keys, head) => {
    const held = cache.keys(layer, head);
    const fresh = newRows(cache, layer, keys, count);
    const { headSize } = cache.shape.layers[layer]!;
    const slots = cache.length(layer, head) + count;
    const attention = new Float64Array(group * rows * slots); // zero for rows after the query
    for (let i = 0; i < group * rows; i++) {
      const query = count - rows + (i % rows);
      const queries = newRows(
        cache,
        layer,
        tokens.queries[head * group + Math.floor(i / rows)]!,
        count,
      );
      const q = queries.subarray(query * headSize, (query + 1) * headSize);
      const visible = fresh.subarray(0, (query + 1) * headSize);
      attention.set(softmax([...logits(q, held), ...logits(q, visible)]), i * slots);
    }
    return probe.kind === 'lastQueries' ? attention : columnSums(attention, group, slots);
  });
  return probe.kind === 'lastQueries'
    ? { kind: 'lastQueries', rows, heads }
    : { kind: 'columnSums', heads };
}

/** The rows of one head that a pass adds. */
function newRows(cache: KVCache, layer: number, all: Float32Array, count: number): Float32Array {
  const { headSize } = cache.shape.layers[layer]!;
  return all.subarray(cache.seen * headSize, (cache.seen + count) * headSize);
}

/** q · k / √d for every key. */
function logits(query: Float32Array, keys: Float32Array): number[] {
  const size = query.length;
  return Array.from({ length: keys.length / size }, (_, row) => {
    let sum = 0;
    for (let d = 0; d < size; d++) sum += query[d]! * keys[row * size + d]!;
    return sum / Math.sqrt(size);
  });
}

function softmax(values: readonly number[]): number[] {
  const highest = values.reduce((a, b) => Math.max(a, b));
  const weights = values.map((value) => Math.exp(value - highest));
  const total = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / total);
}

/** Sums `[group, rows, slots]` over the rows and averages it over the group. */
function columnSums(attention: FloatArray, group: number, slots: number): Float64Array {
  const sums = new Float64Array(slots);
  for (const [i, value] of attention.entries()) sums[i % slots]! += value / group;
  return sums;
}
