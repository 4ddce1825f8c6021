import type { Probe } from '@namm/kv-cache';
import { GraphBuilder } from '@namm/onnx';
import { probeKind } from '../probes/probe-kinds.js';
import type { AttentionSpec } from '../spec/decoder-spec.js';
import { attention } from './attention.js';
import type { AttentionRun } from './attention-context.js';
import { attentionInputs } from './attention-inputs.js';
import { names, type Piece } from './names.js';

/**
 * Builds the graph of the attention of one sequence in one layer, for all layers whose attention is alike. It holds no
 * weights. Inputs and outputs are those of layer 0 of a whole model, and besides: in go queries, keys and values side
 * by side, `projected`; out comes `attended`, `[new, queryHeads · headSize]`. New rows do not: they are in `projected`.
 *
 * @param spec of the layers
 * @param run how it runs
 * @param pieces that the past of each head comes in
 * @returns the bytes of an ONNX model
 */
export function buildAttention(
  spec: AttentionSpec,
  run: AttentionRun,
  pieces: readonly Piece[],
): Uint8Array {
  const { queryHeads, keyValueHeads, headSize } = spec;
  const graph = new GraphBuilder('attention');
  const order = graph.input(names.order, 'int32', ['new']);
  const inputs = attentionInputs(graph, [keyValueHeads], run, pieces, order);
  const context = { ...inputs, giveOut: () => undefined };
  const { probe } = run;
  const extra = probeKind(probe).readsQueries ? [queryHeads] : [];
  const heads = [queryHeads + keyValueHeads, keyValueHeads, ...extra];
  const sizes = heads.map((count) => count * headSize);
  const rows = graph.input(names.projected, 'float32', ['new', projectedSize(spec, probe)]);
  const attributes = { axis: -1 };
  const parts = graph.nodes('Split', [rows, graph.int64(sizes)], sizes.length, { attributes });
  const projected = { sideBySide: parts.slice(0, 2), unrotated: parts.at(-1)! };
  const attended = attention(context, spec, 0, projected, null);
  graph.output(names.attended, attended, 'float32', ['new', queryHeads * headSize]);
  return graph.encode();
}

/** Numbers of a token in `projected`: queries, keys and values, and queries before their rotation if a probe wants them. */
export function projectedSize(
  { queryHeads, keyValueHeads, headSize }: AttentionSpec,
  probe: Probe,
): number {
  const heads = (probeKind(probe).readsQueries ? 2 : 1) * queryHeads + 2 * keyValueHeads;
  return heads * headSize;
}

/** Layers whose key is the same share a graph. */
export function attentionKey(spec: AttentionSpec): string {
  const { queryHeads, keyValueHeads, headSize, scale, softCap, window } = spec;
  return `${[queryHeads, keyValueHeads, headSize, scale, softCap, window]}`;
}
