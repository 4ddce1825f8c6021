import type { Value } from '@namm/onnx';
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
 * ordinary size; small ones leave it out.
 *
 * @param place of the head, and what a probe may ask of it
 * @param queries `[group · new, headSize]`, scaled
 * @param newKeys `[new, headSize]`
 * @param newValues `[new, headSize]`
 * @returns `[group · new, headSize]`
 */
export function attendHead(
  context: AttentionContext,
  spec: AttentionSpec,
  place: Pick<HeadAttention, 'layer' | 'head' | 'queries'>,
  queries: Value,
  newKeys: Value,
  newValues: Value,
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
  const newScores = score(newKeys, masks.amongNew(spec.window, group));
  const scores = sideBySide([...pastScores, newScores]);
  const probabilities = graph.node('Softmax', [scores], { attributes: { axis: -1 } });
  report({ ...place, group, probabilities });

  const parts = graph.nodes(
    'Split',
    [probabilities, slotCounts[layer]![head]!],
    pieces.length + 1,
    { attributes: { axis: -1 } },
  );
  const onNew = graph.node('Gemm', [parts.at(-1)!, newValues]);
  return values.reduceRight((sum, rows, i) => graph.node('Gemm', [parts[i]!, rows, sum]), onNew);
}
