import type { GraphBuilder, Value } from '@namm/onnx';
import type { HeadAttention } from '../probes/probe-kind.js';
import type { AttentionSpec } from '../spec/decoder-spec.js';
import type { AttentionContext } from './attention-context.js';
import { names } from './names.js';
import { pastRows } from './past-rows.js';
import { softCap } from './soft-cap.js';

/**
 * Attention of one KV head and the query heads of its group over pieces of rows: those that forked
 * caches share, the cache's own, and the new ones. Scores against each are put side by side before the
 * softmax, and the probabilities are cut apart again after it; the past itself is only read, never
 * copied or joined. Without forks the shared piece is empty, and its products cost next to nothing in a model of
 * ordinary size; small ones leave it out. A sink takes part in the softmax behind all scores; its share is left out of
 * what is summed and of what a probe is told, so that both have what the tokens really got.
 *
 * @param place of the head, and what a probe may ask of it
 * @param queries `[group · new, headSize]`, scaled
 * @param fresh keys and values of the new tokens, `[new, headSize]`; sinks of the queries, `[group · new, 1]`, or null
 * @returns `[group · new, headSize]`
 */
export function attendHead(
  context: AttentionContext,
  spec: AttentionSpec,
  place: Pick<HeadAttention, 'layer' | 'head' | 'queries'>,
  queries: Value,
  fresh: { readonly keys: Value; readonly values: Value; readonly sinks: Value | null },
): Value {
  const { layer, head } = place;
  const { graph, masks, pieces, report, slotCounts } = context;
  const group = spec.queryHeads / spec.keyValueHeads;
  const at = { layer, head, size: spec.headSize };
  const keys = pieces.map((piece) => pastRows(context, { ...at, piece, part: 'keys' }));
  const values = pieces.map((piece) => pastRows(context, { ...at, piece, part: 'values' }));

  const score = (rows: Value, mask: Value | null) => {
    const attributes = { transB: 1 };
    if (spec.softCap === null) return graph.node('Gemm', [queries, rows, mask], { attributes });
    const capped = softCap(
      graph,
      spec.softCap,
      graph.node('Gemm', [queries, rows], { attributes }),
    );
    return mask ? graph.node('Add', [capped, mask]) : capped;
  };
  const sideBySide = (parts: readonly Value[]) =>
    graph.node('Concat', parts, { attributes: { axis: -1 } });
  let pastScores = keys.map((rows) => score(rows, null));
  if (spec.window !== null) {
    const name = names.pastOrder(layer, head);
    const order = graph.input(name, 'int32', [`past.${layer}.${head}`]);
    const mask = masks.againstPast(order, spec.window, group);
    pastScores = [graph.node('Add', [sideBySide(pastScores), mask])];
  }
  const newScores = score(fresh.keys, masks.amongNew(spec.window, group));
  const { sinks } = fresh;
  const scores = sideBySide([...pastScores, newScores, ...(sinks ? [sinks] : [])]);
  const probabilities = graph.node('Softmax', [scores], { attributes: { axis: -1 } });
  report({
    ...place,
    group,
    probabilities: () => (sinks ? withoutLast(graph, probabilities) : probabilities),
  });

  const counts = slotCounts[layer]![head]!;
  const sizes = sinks
    ? graph.node('Concat', [counts, graph.int64([1])], { attributes: { axis: 0 } })
    : counts;
  const parts = graph.nodes('Split', [probabilities, sizes], pieces.length + (sinks ? 2 : 1), {
    attributes: { axis: -1 },
  });
  const onNew = graph.node('Gemm', [parts[pieces.length]!, fresh.values]);
  return values.reduceRight((sum, rows, i) => graph.node('Gemm', [parts[i]!, rows, sum]), onNew);
}

/** All columns but the last. */
function withoutLast(graph: GraphBuilder, rows: Value): Value {
  return graph.node('Slice', [rows, ...[0, -1, 1].map((i) => graph.int64([i]))]);
}
