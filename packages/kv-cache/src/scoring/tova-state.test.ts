import { expect, it } from 'vitest';
import type { CacheView } from '../contracts/eviction-policy.js';
import { TovaState } from './tova-state.js';

const shape = {
  model: 'toy',
  layers: [{ queryHeads: 4, keyValueHeads: 2, headSize: 2, window: null }],
};

it.each([
  ['of the same tokens', [0, 1, 2], [0, 1, 2]],
  ['of other tokens', [0, 1, 2], [0, 2, 5]],
])('scores a token by its mean over all query heads, in heads %s', (_, first, second) => {
  const state = TovaState.start(shape);
  // Two query heads per KV head, one query, three slots each.
  const heads = [Float32Array.of(1, 0, 0, 0, 1, 0), Float32Array.of(0, 0, 1, 0.5, 0.25, 0.25)];
  state.observe(0, { kind: 'lastQueries', rows: 1, heads });
  const held = [Int32Array.from(first), Int32Array.from(second)];
  const view = { shape, tokens: (_layer: number, head: number) => held[head]! };
  const scores = [new Float64Array(3), new Float64Array(3)];
  state.score(view as unknown as CacheView, 0, [], scores);
  const sums = new Map<number, number>();
  for (const [head, attention] of heads.entries()) {
    for (const [slot, token] of held[head]!.entries()) {
      sums.set(token, (sums.get(token) ?? 0) + attention[slot]! + attention[3 + slot]!);
    }
  }
  for (const [head, own] of scores.entries()) {
    expect([...own]).toEqual(Array.from(held[head]!, (token) => sums.get(token)! / 4));
  }
});
