import type { GraphBuilder, Value } from '@namm/onnx';
import type { AttentionSpec } from '../spec/decoder-spec.js';
import { linear, linears } from './linear.js';
import { norm } from './norm.js';
import type { Weights } from './weights.js';

/** cos and sin `[new, size / 2]` for the positions of the new tokens. */
export interface RotaryTable {
  readonly cos: Value;
  readonly sin: Value;
  /** Numbers of each head that are rotated. */
  readonly size: number;
}

/** What attention needs of the new tokens. */
export interface Projected {
  /** `[queryHeads, new, headSize]`, scaled. */
  readonly queries: Value;
  /** `[keyValueHeads, new, headSize]`, as they are cached. */
  readonly keys: Value;
  /** `[keyValueHeads, new, headSize]`. */
  readonly values: Value;
}

/** Queries, keys and values of `x [new, hiddenSize]`: projected, normalised and rotated. */
export function project(
  graph: GraphBuilder,
  weights: Weights,
  spec: AttentionSpec,
  rotary: RotaryTable | null,
  x: Value,
): Projected {
  const { queryHeads, keyValueHeads } = spec;
  const [query, key, value] = multiply(graph, weights, spec, x);
  const normalised = [
    normalise(graph, weights, spec, 'query', query!),
    normalise(graph, weights, spec, 'key', key!),
  ] as const;
  const [queries, keys] = rotary
    ? rotate(graph, rotary, normalised, spec)
    : [
        headsFirst(graph, normalised[0], queryHeads, spec),
        headsFirst(graph, normalised[1], keyValueHeads, spec),
      ];
  // Without a factor of its own, the product of one query with the past runs on a faster kernel.
  const scaled = graph.node('Mul', [queries!, graph.float32([spec.scale])]);
  return { queries: scaled, keys: keys!, values: headsFirst(graph, value!, keyValueHeads, spec) };
}

/** Queries, keys and values, each `[new, heads · headSize]`. */
function multiply(graph: GraphBuilder, weights: Weights, spec: AttentionSpec, x: Value): Value[] {
  const { projections, queryHeads, keyValueHeads, headSize } = spec;
  if (projections.kind === 'separate') {
    const { query, key, value } = projections;
    return linears(graph, weights, [query, key, value], x);
  }
  const all = linear(graph, weights, projections.all, x);
  const sizes = [queryHeads, keyValueHeads, keyValueHeads].map((heads) => heads * headSize);
  return graph.nodes('Split', [all, graph.int64(sizes)], 3, { attributes: { axis: -1 } });
}

/** The norm before RoPE, where the model has one, on `[new, heads · headSize]`. */
function normalise(
  graph: GraphBuilder,
  weights: Weights,
  { queryKeyNorm, queryHeads, keyValueHeads, headSize }: AttentionSpec,
  role: 'query' | 'key',
  rows: Value,
): Value {
  if (!queryKeyNorm) return rows;
  if (queryKeyNorm.over === 'all-heads') return norm(graph, weights, queryKeyNorm[role], rows);
  const heads = role === 'query' ? queryHeads : keyValueHeads;
  const perHead = graph.node('Reshape', [rows, graph.int64([-1, heads, headSize])]);
  const normalised = norm(graph, weights, queryKeyNorm[role], perHead);
  return graph.node('Reshape', [normalised, graph.int64([-1, heads * headSize])]);
}

/** Queries and keys, rotated side by side, which takes half the nodes; each `[heads, new, headSize]`. */
function rotate(
  graph: GraphBuilder,
  table: RotaryTable,
  sideBySide: readonly Value[],
  spec: AttentionSpec,
): Value[] {
  const { queryHeads, keyValueHeads, headSize } = spec;
  const heads = queryHeads + keyValueHeads;
  const both = graph.node('Concat', sideBySide, { attributes: { axis: -1 } });
  const batched = graph.node('Reshape', [both, graph.int64([1, -1, heads * headSize])]);
  // The rows of cos and sin are those of the new tokens, so they are read from row 0 on.
  const rotated = graph.node('RotaryEmbedding', [batched, graph.int64([0]), table.cos, table.sin], {
    domain: 'com.microsoft',
    attributes: { num_heads: heads, rotary_embedding_dim: table.size },
  });
  const sizes = graph.int64([queryHeads, keyValueHeads]);
  return graph.nodes('Split', [headsFirst(graph, rotated, heads, spec), sizes], 2, {
    attributes: { axis: 0 },
  });
}

/** `[…, new, heads · headSize]` → `[heads, new, headSize]`. */
function headsFirst(
  graph: GraphBuilder,
  rows: Value,
  heads: number,
  { headSize }: AttentionSpec,
): Value {
  if (heads === 1) return graph.node('Reshape', [rows, graph.int64([1, -1, headSize])]);
  const perHead = graph.node('Reshape', [rows, graph.int64([-1, heads, headSize])]);
  return graph.node('Transpose', [perHead], { attributes: { perm: [1, 0, 2] } });
}
