import type { GraphBuilder, Value } from '@namm/onnx';
import { probeKind } from '../probes/probe-kinds.js';
import type { AttentionContext, AttentionRun } from './attention-context.js';
import { Masks } from './masks.js';
import { names, type Piece } from './names.js';
import { splitEqually } from './split-equally.js';

/**
 * Declares what attention needs besides rows.
 *
 * @param graph that computes it
 * @param keyValueHeads of each layer in the graph
 * @param run how
 * @param pieces that the past of each head comes in
 * @param order of the new tokens, int32 `[new]`
 */
export function attentionInputs(
  graph: GraphBuilder,
  keyValueHeads: readonly number[],
  { probe, cacheDtype }: AttentionRun,
  pieces: readonly Piece[],
  order: Value,
): Omit<AttentionContext, 'giveOut'> {
  return {
    graph,
    cacheDtype,
    pieces,
    slotCounts: readSlotCounts(graph, keyValueHeads, pieces.length + 1),
    masks: new Masks(graph, order),
    report: probeKind(probe).build(graph, probe, order),
  };
}

/** One input for all heads, cut apart once, instead of nodes that measure the rows of each head. */
function readSlotCounts(graph: GraphBuilder, heads: readonly number[], perHead: number): Value[][] {
  const total = heads.reduce((sum, count) => sum + count, 0);
  const all = graph.input(names.slotCounts, 'int64', [perHead * total]);
  const each = splitEqually(graph, all, total);
  return heads.map((count) => each.splice(0, count));
}
