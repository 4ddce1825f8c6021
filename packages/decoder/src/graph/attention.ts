import type { Probe } from '@namm/kv-cache';
import { float, type GraphBuilder, type Value } from '@namm/onnx';
import type { AttentionSpec, ProjectionSpec } from '../decoder-spec.js';
import { linear } from './linear.js';
import type { Masks } from './masks.js';
import { names } from './names.js';
import { norm } from './norm.js';
import { probeOutput } from './probe-output.js';
import { softCap } from './soft-cap.js';
import type { Weights } from './weights.js';

/** What all layers of one graph share. */
export interface AttentionContext {
  readonly graph: GraphBuilder;
  readonly weights: Weights;
  readonly masks: Masks;
  /** cos and sin of each rotary table, `[new, size / 2]`. */
  readonly rotary: readonly { readonly cos: Value; readonly sin: Value; readonly size: number }[];
  /** What the graph reports of the attention. */
  readonly probe: Probe;
}

/**
 * Self-attention of one layer for `x [new, hiddenSize]` over a ragged cache: each KV head has a past of
 * its own, `[past, headSize]`, so heads of different lengths need neither padding nor a mask.
 *
 * Scores against the past and among the new tokens are put side by side before the softmax; the past
 * itself is only read, never copied or joined. The new rows leave the graph, and the cache appends them.
 */
export function attention(
  context: AttentionContext,
  spec: AttentionSpec,
  layer: number,
  x: Value,
): Value {
  const { graph, weights } = context;
  const { queryHeads, keyValueHeads, headSize } = spec;
  const [query, key, value] = project(context, spec, x);
  const queries = rotateAndSplit(context, spec, 'query', query!, queryHeads);
  const keys = rotateAndSplit(context, spec, 'key', key!, keyValueHeads);
  const values = headsFirst(graph, value!, keyValueHeads, headSize);
  const rowShape = [keyValueHeads, 'new', headSize] as const;
  graph.output(names.keys(layer), keys, 'float32', rowShape);
  graph.output(names.values(layer), values, 'float32', rowShape);

  const split = (whole: Value) =>
    keyValueHeads === 1
      ? [whole]
      : graph.nodes('Split', [whole], keyValueHeads, {
          attributes: { axis: 0, num_outputs: keyValueHeads },
        });
  const groups = split(queries);
  const newKeys = split(keys);
  const newValues = split(values);
  const outputs = groups.map((group, head) =>
    graph.scope(`head.${head}`, () =>
      attendHead(context, spec, layer, head, group, newKeys[head]!, newValues[head]!),
    ),
  );
  const heads =
    outputs.length === 1 ? outputs[0]! : graph.node('Concat', outputs, { attributes: { axis: 0 } });
  const rowsFirst = graph.node('Transpose', [heads], { attributes: { perm: [1, 0, 2] } });
  const flat = graph.node('Reshape', [rowsFirst, graph.int64([-1, queryHeads * headSize])]);
  return linear(graph, weights, spec.output, flat);
}

/**
 * One KV head and the query heads of its group.
 *
 * @param queries `[group, new, headSize]`
 * @param newKeys `[1, new, headSize]`
 * @param newValues `[1, new, headSize]`
 * @returns `[group, new, headSize]`
 */
function attendHead(
  { graph, masks, probe }: AttentionContext,
  spec: AttentionSpec,
  layer: number,
  head: number,
  queries: Value,
  newKeys: Value,
  newValues: Value,
): Value {
  const past = (name: string) =>
    graph.input(name, 'float32', [`past.${layer}.${head}`, spec.headSize]);
  const pastKeys = past(names.pastKeys(layer, head));
  const pastValues = past(names.pastValues(layer, head));
  const score = (keys: Value) => {
    const attributes = { transB: 1, alpha: float(spec.scale) };
    const product = graph.node('FusedMatMul', [queries, keys], {
      domain: 'com.microsoft',
      attributes,
    });
    return softCap(graph, spec.softCap, product);
  };
  let pastScores = score(pastKeys);
  if (spec.window !== null) {
    const name = names.pastPositions(layer, head);
    const positions = graph.input(name, 'int32', [`past.${layer}.${head}`]);
    pastScores = graph.node('Add', [pastScores, masks.againstPast(positions, spec.window)]);
  }
  const newScores = graph.node('Add', [score(newKeys), masks.amongNew(spec.window)]);
  const scores = graph.node('Concat', [pastScores, newScores], { attributes: { axis: -1 } });
  const probabilities = graph.node('Softmax', [scores], { attributes: { axis: -1 } });
  probeOutput(graph, probe, names.probe(layer, head), probabilities, queryGroup(spec));

  const sizeOf = (rows: Value, axis: number) =>
    graph.node('Shape', [rows], { attributes: { start: axis, end: axis + 1 } });
  const sizes = graph.node('Concat', [sizeOf(pastKeys, 0), sizeOf(newKeys, 1)], {
    attributes: { axis: 0 },
  });
  const [onPast, onNew] = graph.nodes('Split', [probabilities, sizes], 2, {
    attributes: { axis: -1 },
  });
  return graph.node('Add', [
    graph.node('MatMul', [onPast!, pastValues]),
    graph.node('MatMul', [onNew!, newValues]),
  ]);
}

/** Queries, keys and values of the new tokens, each `[new, heads · headSize]`. */
function project({ graph, weights }: AttentionContext, spec: AttentionSpec, x: Value): Value[] {
  const projections: ProjectionSpec = spec.projections;
  if (projections.kind === 'separate') {
    const { query, key, value } = projections;
    return [query, key, value].map((part) => linear(graph, weights, part, x));
  }
  const all = linear(graph, weights, projections.all, x);
  const querySize = spec.queryHeads * spec.headSize;
  const keyValueSize = spec.keyValueHeads * spec.headSize;
  const sizes = graph.int64([querySize, keyValueSize, keyValueSize]);
  return graph.nodes('Split', [all, sizes], 3, { attributes: { axis: -1 } });
}

/** Norm (where the model has one) and RoPE (where the layer has it) on `[new, heads · headSize]`. */
function rotateAndSplit(
  { graph, weights, rotary }: AttentionContext,
  spec: AttentionSpec,
  role: 'query' | 'key',
  x: Value,
  heads: number,
): Value {
  const { headSize, queryKeyNorm } = spec;
  let rows = x;
  if (queryKeyNorm?.over === 'all-heads') rows = norm(graph, weights, queryKeyNorm[role], rows);
  if (queryKeyNorm?.over === 'head') {
    const perHead = graph.node('Reshape', [rows, graph.int64([-1, heads, headSize])]);
    rows = norm(graph, weights, queryKeyNorm[role], perHead);
  }
  const table = spec.rotary === null ? null : rotary[spec.rotary]!;
  if (table) {
    const batched = graph.node('Reshape', [rows, graph.int64([1, -1, heads * headSize])]);
    const attributes = { num_heads: heads, rotary_embedding_dim: table.size };
    // The rows of cos and sin are those of the new tokens, so they are read from row 0 on.
    rows = graph.node('RotaryEmbedding', [batched, graph.int64([0]), table.cos, table.sin], {
      domain: 'com.microsoft',
      attributes,
    });
  }
  return headsFirst(graph, rows, heads, headSize);
}

/** `[…, new, heads · headSize]` → `[heads, new, headSize]`. */
function headsFirst(graph: GraphBuilder, rows: Value, heads: number, headSize: number): Value {
  const perHead = graph.node('Reshape', [rows, graph.int64([-1, heads, headSize])]);
  return graph.node('Transpose', [perHead], { attributes: { perm: [1, 0, 2] } });
}

function queryGroup(spec: AttentionSpec): number {
  return spec.queryHeads / spec.keyValueHeads;
}
