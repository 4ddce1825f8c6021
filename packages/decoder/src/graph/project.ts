import type { GraphBuilder, Value } from '@namm/onnx';
import type { AttentionSpec } from '../spec/decoder-spec.js';
import { linear, linears } from './linear.js';
import { norm } from './norm.js';
import { splitEqually } from './split-equally.js';
import type { Weights } from './weights.js';

/** cos and sin `[new, size / 2]` for the positions of the new tokens. */
export interface RotaryTable {
  readonly cos: Value;
  readonly sin: Value;
  /** Numbers of each head that are rotated. */
  readonly size: number;
}

/** Rows of the heads of a layer. */
interface HeadRows {
  /** Those of all heads, one after the other, `[heads · rows, headSize]`. */
  readonly all: Value;
  /** Those of each head, `[rows, headSize]`. */
  readonly each: readonly Value[];
}

/** Queries, keys and values of the new tokens, each `[new, heads · headSize]`. */
export interface ProjectedRows {
  /** Three values, or two of which the first holds queries and keys side by side, with a 1 before its shape. */
  readonly sideBySide: readonly Value[];
  /** Queries before their rotation. */
  readonly unrotated: Value;
  /** The logit that stands for no token, of each query head, the same for each token, `[new, queryHeads]`; null without. */
  readonly sinks: Value | null;
}

/** What attention needs of the new tokens. */
export interface Projected {
  /** Per KV head those of its group, `[group · new, headSize]`, scaled. */
  readonly queries: readonly Value[];
  /** The same before the rotation; made in the graph when they are asked for. */
  readonly unrotated: () => readonly Value[];
  /** As they are cached. */
  readonly keys: HeadRows;
  readonly values: HeadRows;
  /** Per KV head, for its queries, `[group · new, 1]`; null without. */
  readonly sinks: readonly Value[] | null;
}

/** Queries, keys and values of `x [new, hiddenSize]`: projected, normalised and rotated. */
export function projectRows(
  graph: GraphBuilder,
  weights: Weights,
  spec: AttentionSpec,
  rotary: RotaryTable | null,
  x: Value,
): ProjectedRows {
  const [query, key, value] = multiply(graph, weights, spec, x);
  const normalised = [
    normalise(graph, weights, spec, 'query', query!),
    normalise(graph, weights, spec, 'key', key!),
  ] as const;
  const sideBySide = rotary
    ? [rotate(graph, rotary, normalised, spec), value!]
    : [...normalised, value!];
  return { sideBySide, unrotated: normalised[0], sinks: sinksOf(graph, weights, spec, x) };
}

function sinksOf(
  graph: GraphBuilder,
  weights: Weights,
  { sinks, queryHeads }: AttentionSpec,
  x: Value,
): Value | null {
  if (sinks === undefined) return null;
  const rows = graph.node('Shape', [x], { attributes: { start: 0, end: 1 } });
  const shape = graph.node('Concat', [rows, graph.int64([1])], { attributes: { axis: 0 } });
  return graph.node('Expand', [weights.get(sinks, [queryHeads]), shape]);
}

/** The heads of what {@link projectRows} gives. */
export function projectedHeads(
  graph: GraphBuilder,
  spec: AttentionSpec,
  { sideBySide: rows, unrotated, sinks: perToken }: ProjectedRows,
): Projected {
  const { queryHeads, keyValueHeads } = spec;
  const sinks = perToken && sinksPerHead(graph, perToken, keyValueHeads);
  const value = rows.at(-1)!;
  // Without its own factor, the product of one query with the past runs on a faster kernel.
  const scaled = (queries: Value) => graph.node('Mul', [queries, graph.float32([spec.scale])]);
  if (rows.length === 3 && queryHeads === keyValueHeads) {
    const queries = columns(graph, scaled(rows[0]!), queryHeads);
    return {
      queries,
      unrotated: () => queries,
      keys: rowsOfColumns(graph, rows[1]!, keyValueHeads),
      values: rowsOfColumns(graph, value, keyValueHeads),
      sinks,
    };
  }
  const [queries, keys] =
    rows.length === 2
      ? splitHeads(graph, rows[0]!, spec)
      : [
          headsFirst(graph, rows[0]!, queryHeads, spec),
          headsFirst(graph, rows[1]!, keyValueHeads, spec),
        ];
  const perHead = (heads: Value): HeadRows => {
    const all = graph.node('Reshape', [heads, graph.int64([-1, spec.headSize])]);
    return { all, each: splitEqually(graph, all, keyValueHeads) };
  };
  return {
    queries: perHead(scaled(queries!)).each,
    unrotated: () => perHead(scaled(headsFirst(graph, unrotated, queryHeads, spec))).each,
    keys: perHead(keys!),
    values: perHead(headsFirst(graph, value, keyValueHeads, spec)),
    sinks,
  };
}

/** `[new, queryHeads]` → per KV head `[group · new, 1]`. */
function sinksPerHead(graph: GraphBuilder, perToken: Value, keyValueHeads: number): Value[] {
  const perHead = graph.node('Transpose', [perToken], { attributes: { perm: [1, 0] } });
  const column = graph.node('Reshape', [perHead, graph.int64([-1, 1])]);
  return splitEqually(graph, column, keyValueHeads);
}

/** The heads side by side in `[rows, heads · headSize]`, cut apart: fewer nodes than to put heads first. */
function columns(graph: GraphBuilder, rows: Value, heads: number): Value[] {
  if (heads === 1) return [rows];
  return graph.nodes('Split', [rows], heads, { attributes: { axis: -1, num_outputs: heads } });
}

function rowsOfColumns(graph: GraphBuilder, rows: Value, heads: number): HeadRows {
  const each = columns(graph, rows, heads);
  const all = heads === 1 ? rows : graph.node('Concat', each, { attributes: { axis: 0 } });
  return { all, each };
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

/** Queries and keys, rotated side by side, which takes half the nodes; `[1, new, heads · headSize]`. */
function rotate(
  graph: GraphBuilder,
  table: RotaryTable,
  sideBySide: readonly Value[],
  { queryHeads, keyValueHeads, headSize }: AttentionSpec,
): Value {
  const heads = queryHeads + keyValueHeads;
  const both = graph.node('Concat', sideBySide, { attributes: { axis: -1 } });
  const batched = graph.node('Reshape', [both, graph.int64([1, -1, heads * headSize])]);
  // The rows of cos and sin are those of the new tokens, so they are read from row 0 on.
  return graph.node('RotaryEmbedding', [batched, graph.int64([0]), table.cos, table.sin], {
    domain: 'com.microsoft',
    attributes: { num_heads: heads, rotary_embedding_dim: table.size },
  });
}

/** Queries and keys that are side by side, each `[heads, new, headSize]`. */
function splitHeads(graph: GraphBuilder, both: Value, spec: AttentionSpec): Value[] {
  const { queryHeads, keyValueHeads } = spec;
  const heads = headsFirst(graph, both, queryHeads + keyValueHeads, spec);
  const sizes = graph.int64([queryHeads, keyValueHeads]);
  return graph.nodes('Split', [heads, sizes], 2, { attributes: { axis: 0 } });
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
