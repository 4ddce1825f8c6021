import type { GraphBuilder, Value } from '@namm/onnx';
import type { AttentionSpec } from '../spec/decoder-spec.js';
import { attendHead } from './attend-head.js';
import type { AttentionContext } from './attention-context.js';
import { type ProjectedRows, projectedHeads } from './project.js';

/**
 * Self-attention of one layer over a ragged cache, from what `projectRows` gives of the new tokens: each KV head has
 * a past of its own, so heads of different lengths need neither padding nor a mask. The new rows are given out, and
 * the cache appends them.
 *
 * @param layer as the graph calls it
 * @param projected queries, keys and values
 * @param rows the tokens whose output is wanted, int32; null for all
 * @returns `[new or rows, queryHeads · headSize]`
 */
export function attention(
  context: AttentionContext,
  spec: AttentionSpec,
  layer: number,
  projected: ProjectedRows,
  rows: Value | null,
): Value {
  const { graph } = context;
  const { queries, unrotated, keys, values, sinks } = projectedHeads(graph, spec, projected);
  context.giveOut(layer, keys.all, values.all);
  let plain: readonly Value[] | null = null; // where a probe asks for it
  const plainQueries = () => {
    plain ??= unrotated();
    return plain;
  };
  const attended = queries.map((group, head) =>
    graph.scope(`head.${head}`, () => {
      const place = { layer, head, queries: () => plainQueries()[head]! };
      const own = {
        keys: keys.each[head]!,
        values: values.each[head]!,
        sinks: sinks?.[head] ?? null,
      };
      return attendHead(context, spec, place, group, own);
    }),
  );
  return wantedRows(graph, attended, spec, rows);
}

/** What the heads give for the wanted tokens, side by side, `[rows, queryHeads · headSize]`. */
function wantedRows(
  graph: GraphBuilder,
  attended: readonly Value[],
  { queryHeads, keyValueHeads, headSize }: AttentionSpec,
  rows: Value | null,
): Value {
  const gather = (value: Value, axis: number) =>
    rows ? graph.node('Gather', [value, rows], { attributes: { axis } }) : value;
  if (queryHeads === 1) return gather(attended[0]!, 0); // its rows are the result
  if (queryHeads === keyValueHeads) {
    return gather(graph.node('Concat', attended, { attributes: { axis: -1 } }), 0);
  }
  const all = graph.node('Concat', attended, { attributes: { axis: 0 } });
  const perQuery = graph.node('Reshape', [all, graph.int64([queryHeads, -1, headSize])]);
  const rowsFirst = graph.node('Transpose', [gather(perQuery, 1)], {
    attributes: { perm: [1, 0, 2] },
  });
  return graph.node('Reshape', [rowsFirst, graph.int64([-1, queryHeads * headSize])]);
}
