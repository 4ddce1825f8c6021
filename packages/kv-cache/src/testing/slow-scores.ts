import type { CacheView } from '../contracts/eviction-policy.js';
import { attend, type LayerTokens } from './run-pass.js';

/** The attention of one query of one layer: per query head, what it gave to which position. */
export type QueryAttention = readonly ReadonlyMap<number, number>[];

/** Scores by position, for one head. */
export type Scores = Map<number, number>;

/** The attention of the next `count` queries of a layer, as plain maps. */
export function attentionOf(
  view: CacheView,
  tokens: LayerTokens,
  layer: number,
  count: number,
): QueryAttention[] {
  const { queryHeads, keyValueHeads } = view.shape.layers[layer]!;
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: queryHeads }, (_, queryHead) => {
      const head = Math.floor(queryHead / (queryHeads / keyValueHeads));
      const fresh = Array.from({ length: count }, (_, n) => view.seen + n);
      const positions = [...view.tokens(layer, head), ...fresh];
      const given = attend(view, tokens, layer, queryHead, view.seen + i, count);
      return new Map(positions.map((position, slot) => [position, given[slot]!]));
    }),
  );
}

/** The query heads that share a KV head. */
function groupOf(query: QueryAttention, head: number, heads: number): QueryAttention {
  const group = query.length / heads;
  return query.slice(head * group, (head + 1) * group);
}

const mean = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;

/** H2O: everything a position ever received. */
export function slowH2O(
  held: number[],
  history: QueryAttention[],
  head: number,
  heads: number,
): Scores {
  const received = (query: QueryAttention, position: number) =>
    mean(groupOf(query, head, heads).map((given) => given.get(position) ?? 0));
  return new Map(
    held.map((p) => [p, history.reduce((sum, query) => sum + received(query, p), 0)] as const),
  );
}

/** TOVA: what all query heads of the last query give to a position. */
export function slowTova(held: number[], history: QueryAttention[]): Scores {
  const last = history.at(-1)!;
  return new Map(held.map((p) => [p, mean(last.map((given) => given.get(p) ?? 0))] as const));
}

/** SnapKV: what the last queries gave, pooled over neighbours, for the rows before the protected ones. */
export function slowSnapKV(
  candidates: number[],
  history: QueryAttention[],
  head: number,
  heads: number,
  settings: { window: number; kernel: number; pooling: 'average' | 'max' },
): Scores {
  const last = history.slice(-settings.window).map((query) => groupOf(query, head, heads));
  const members = last[0]!.map((_, g) => {
    const sums = candidates.map((p) =>
      last.reduce((sum, query) => sum + (query[g]!.get(p) ?? 0), 0),
    );
    return sums.map((_, i) => {
      const reach = (settings.kernel - 1) / 2;
      const near = sums.filter((_, j) => Math.abs(i - j) <= reach);
      if (settings.pooling === 'max') return Math.max(...near);
      return near.reduce((a, b) => a + b) / settings.kernel;
    });
  });
  return new Map(candidates.map((p, i) => [p, mean(members.map((pooled) => pooled[i]!))] as const));
}
