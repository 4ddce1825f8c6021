import type { Probe } from '@namm/kv-cache';
import { GraphBuilder, type Value } from '@namm/onnx';
import { readsQueries } from '../probes/probe-kinds.js';
import type { AttentionSpec } from '../spec/decoder-spec.js';
import { attention } from './attention.js';
import type { AttentionRun } from './attention-context.js';
import { attentionInputs } from './attention-inputs.js';
import { Masks } from './masks.js';
import { names, type Piece } from './names.js';
import type { ProjectedRows } from './project.js';

/**
 * Builds the graph of the attention of some sequences in one layer, for all layers whose attention is alike. It holds no
 * weights. Inputs and outputs are those of a whole model of as many layers as there are sequences, and besides: in go
 * queries, keys and values side by side, `projected`, sequence by sequence, and for several of them `new_counts`; out
 * comes `attended`, `[new, queryHeads · headSize]`. New rows do not: they are in `projected`.
 *
 * @param spec of the layers
 * @param run how it runs; with several sequences, of a probe without inputs of its own
 * @param pieces that the past of each head comes in
 * @param sequences how many
 * @returns the bytes of an ONNX model
 */
export function buildAttention(
  spec: AttentionSpec,
  run: AttentionRun,
  pieces: readonly Piece[],
  sequences: number,
): Uint8Array {
  const { queryHeads, keyValueHeads, headSize } = spec;
  const graph = new GraphBuilder('attention');
  const order = graph.input(names.order, 'int32', ['new']);
  const heads = new Array<number>(sequences).fill(keyValueHeads);
  const shared = attentionInputs(graph, heads, run, pieces, order);
  const rows = graph.input(names.projected, 'float32', ['new', projectedSize(spec, run.probe)]);
  const counts = sequences > 1 ? graph.input(names.newCounts, 'int64', [sequences]) : null;
  const perSequence = (value: Value) =>
    counts
      ? graph.nodes('Split', [value, counts], sequences, { attributes: { axis: 0 } })
      : [value];
  const ordersOf = perSequence(order);
  const attended = perSequence(rows).map((own, sequence) => {
    const masks = counts ? new Masks(graph, ordersOf[sequence]!) : shared.masks;
    const context = { ...shared, masks, giveOut: () => undefined };
    return attention(context, spec, sequence, split(graph, spec, run.probe, own), null);
  });
  const all = counts ? graph.node('Concat', attended, { attributes: { axis: 0 } }) : attended[0]!;
  graph.output(names.attended, all, 'float32', ['new', queryHeads * headSize]);
  return graph.encode();
}

/** Queries and keys, values, and what else is side by side in `projected`. */
function split(
  graph: GraphBuilder,
  { queryHeads, keyValueHeads, headSize, sinks }: AttentionSpec,
  probe: Probe,
  rows: Value,
): ProjectedRows {
  const hasUnrotated = readsQueries(probe);
  const heads = [queryHeads + keyValueHeads, keyValueHeads, ...(hasUnrotated ? [queryHeads] : [])];
  const sizes = heads.map((count) => count * headSize);
  if (sinks !== undefined) sizes.push(queryHeads);
  const attributes = { axis: -1 };
  const parts = graph.nodes('Split', [rows, graph.int64(sizes)], sizes.length, { attributes });
  return {
    sideBySide: parts.slice(0, 2),
    unrotated: parts[hasUnrotated ? 2 : 1]!,
    sinks: sinks === undefined ? null : parts.at(-1)!,
  };
}

/**
 * Numbers of a token in `projected`: queries, keys and values, queries before their rotation if a probe wants them, and
 * sinks where the attention has some.
 */
export function projectedSize(
  { queryHeads, keyValueHeads, headSize, sinks }: AttentionSpec,
  probe: Probe,
): number {
  const heads = (readsQueries(probe) ? 2 : 1) * queryHeads + 2 * keyValueHeads;
  return heads * headSize + (sinks === undefined ? 0 : queryHeads);
}

/** Layers whose key is the same share a graph. */
export function attentionKey(spec: AttentionSpec): string {
  const { queryHeads, keyValueHeads, headSize, scale, softCap, window, sinks } = spec;
  const hasSinks = sinks !== undefined;
  return `${[queryHeads, keyValueHeads, headSize, scale, softCap, window, hasSinks]}`;
}
