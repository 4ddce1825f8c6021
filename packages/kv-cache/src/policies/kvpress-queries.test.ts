import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { CacheShape } from '../contracts/cache-shape.js';
import type { EvictionPolicy } from '../contracts/eviction-policy.js';
import { KVCache } from '../kv-cache.js';
import { leverageScores } from '../scoring/leverage-scores.js';
import { compactor } from './compactor.js';
import { expectedAttention } from './expected-attention.js';

interface Case {
  readonly queries: number[];
  readonly keys: number[];
  readonly values: number[];
  /** Keys before their rotation. */
  readonly plain: number[];
  readonly frequencies: number[];
  readonly expectedAttention: { future: number; sinks: number; kept: number[][] };
  readonly chunkAttention: { chunk: number; sinks: number; recent: number; kept: number[][] };
  readonly leverage: { directions: number[]; scores: number[] };
}

/** From recipes/kvpress-queries. */
const fixture = JSON.parse(
  readFileSync(new URL('../__fixtures__/kvpress-queries.json', import.meta.url), 'utf8'),
) as { heads: number; group: number; headSize: number; length: number; cases: Case[] };
const { heads, group, headSize, length } = fixture;

/** What a policy keeps of the text, read at once. */
async function kept(
  policy: EvictionPolicy,
  { queries, keys, values, frequencies }: Case,
  scale: number,
) {
  const rotation = { frequencies: Float32Array.from(frequencies), factor: 1 };
  const layer = {
    keyValueHeads: heads,
    queryHeads: heads * group,
    headSize,
    window: null,
    rotation,
  };
  const shape: CacheShape = { model: 'toy', layers: [layer] };
  const cache = new KVCache(shape, { policy });
  const size = group * length * headSize;
  await cache.update({
    count: length,
    rows: [{ keys: Float32Array.from(keys), values: Float32Array.from(values) }],
    observations: [
      {
        ...{ kind: 'queries', queries: length },
        heads: Array.from({ length: heads }, (_, head) =>
          Float32Array.from(queries.slice(head * size, (head + 1) * size), (q) => q * scale),
        ),
      },
    ],
  });
  return Array.from({ length: heads }, (_, head) => [...cache.tokens(0, head)]);
}

describe.each(fixture.cases.map((each, i) => [i, each] as const))('kvpress, case %i', (_, each) => {
  it('expected attention keeps the same', async () => {
    const { future, sinks, kept: expected } = each.expectedAttention;
    const policy = expectedAttention({ budget: length / 2, future, sinks });
    expect(await kept(policy, each, headSize ** -0.5)).toEqual(expected);
  });

  it('the attention of Compactor keeps the same, with queries that lack the factor', async () => {
    const { chunk, sinks, recent, kept: expected } = each.chunkAttention;
    const policy = compactor({ budget: length / 2, blending: 0, chunk, sinks, recent });
    const ends = (own: number[]) => [
      ...Array.from({ length: sinks }, (_, i) => i),
      ...own.map((row) => row + sinks), // kvpress was given the rows between
      ...Array.from({ length: recent }, (_, i) => length - recent + i),
    ];
    expect(await kept(policy, each, 1)).toEqual(expected.map(ends));
  });

  it('leverage is the same in the same directions', () => {
    const { directions, scores } = each.leverage;
    const sketch = directions.length / heads / headSize;
    for (let head = 0; head < heads; head++) {
      const part = (all: number[], size: number) =>
        Float64Array.from(all.slice(head * size, (head + 1) * size));
      const own = leverageScores(
        part(each.plain, length * headSize),
        headSize,
        part(directions, headSize * sketch),
      );
      for (const [row, score] of own.entries()) {
        expect(score).toBeCloseTo(scores[head * length + row]!, 5);
      }
    }
  });
});
