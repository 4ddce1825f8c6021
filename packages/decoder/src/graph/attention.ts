import type { GraphBuilder, Value } from '@namm/onnx';
import type { AttentionSpec } from '../spec/decoder-spec.js';
import { attendHead } from './attend-head.js';
import type { AttentionContext } from './attention-context.js';
import { linear } from './linear.js';
import { names } from './names.js';
import { project } from './project.js';
import { splitEqually } from './split-equally.js';

/**
 * Self-attention of one layer for `x [new, hiddenSize]` over a ragged cache: each KV head has a past of
 * its own, so heads of different lengths need neither padding nor a mask. The new rows leave the graph,
 * and the cache appends them.
 *
 * @param rows the tokens whose output is wanted, int32; null for all
 * @returns `[new or rows, hiddenSize]`
 */
export function attention(
  context: AttentionContext,
  spec: AttentionSpec,
  layer: number,
  x: Value,
  rows: Value | null,
): Value {
  const { graph, weights } = context;
  const { keyValueHeads, headSize } = spec;
  const rotary = spec.rotary === null ? null : context.rotary[spec.rotary]!;
  const { queries, keys, values } = project(graph, weights, spec, rotary, x);
  const rowShape = [keyValueHeads, 'new', headSize] as const;
  graph.output(names.keys(layer), keys, 'float32', rowShape);
  graph.output(names.values(layer), values, 'float32', rowShape);

  const perHead = (heads: Value) => {
    const flat = graph.node('Reshape', [heads, graph.int64([-1, headSize])]);
    return splitEqually(graph, flat, keyValueHeads);
  };
  const [groups, newKeys, newValues] = [perHead(queries), perHead(keys), perHead(values)];
  const attended = groups.map((group, head) =>
    graph.scope(`head.${head}`, () =>
      attendHead(context, spec, layer, head, group, newKeys[head]!, newValues[head]!),
    ),
  );
  const wanted = wantedRows(graph, attended, spec, rows);
  return linear(graph, weights, spec.output, wanted);
}

/** What the heads give for the wanted tokens, side by side, `[rows, queryHeads · headSize]`. */
function wantedRows(
  graph: GraphBuilder,
  attended: readonly Value[],
  { queryHeads, headSize }: AttentionSpec,
  rows: Value | null,
): Value {
  const gather = (value: Value, axis: number) =>
    rows ? graph.node('Gather', [value, rows], { attributes: { axis } }) : value;
  if (queryHeads === 1) return gather(attended[0]!, 0); // its rows are what is wanted
  const all = graph.node('Concat', attended, { attributes: { axis: 0 } });
  const perQuery = graph.node('Reshape', [all, graph.int64([queryHeads, -1, headSize])]);
  const rowsFirst = graph.node('Transpose', [gather(perQuery, 1)], {
    attributes: { perm: [1, 0, 2] },
  });
  return graph.node('Reshape', [rowsFirst, graph.int64([-1, queryHeads * headSize])]);
}
