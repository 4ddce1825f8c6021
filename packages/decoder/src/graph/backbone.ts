import type { Probe } from '@namm/kv-cache';
import type { GraphBuilder, Value } from '@namm/onnx';
import { probeKind } from '../probes/probe-kinds.js';
import type { BackboneSpec, LayerSpec, NormSpec } from '../spec/decoder-spec.js';
import { attention } from './attention.js';
import type { AttentionContext } from './attention-context.js';
import { feedForward } from './feed-forward.js';
import type { GraphContext } from './graph-context.js';
import { Masks } from './masks.js';
import { names, type PassSize, pieces } from './names.js';
import { norm } from './norm.js';
import { joinedOutputs, outputsEach } from './outputs.js';
import { Residual } from './residual.js';
import { splitEqually } from './split-equally.js';

/**
 * All layers of a decoder over a ragged cache, and the norm after them.
 *
 * @param context the graph
 * @param spec the layers
 * @param probe what to report of their attention
 * @param passes what they are like
 * @param rows what the first layer reads, `[new, hiddenSize]`
 * @returns final hidden states of the tokens that `output_rows` names, `[outputs, hiddenSize]`, which are given out, too
 */
export function backbone(
  context: GraphContext,
  spec: BackboneSpec,
  probe: Probe,
  passes: PassSize,
  rows: Value,
): Value {
  const { graph, weights, order } = context;
  const outputs = passes === 'small' ? joinedOutputs(graph, spec) : outputsEach(graph, spec);
  const attentionContext: AttentionContext = {
    ...context,
    rotary: spec.rotary.map(({ size }, table) => ({
      cos: graph.input(names.cos(table), 'float32', ['new', size / 2]),
      sin: graph.input(names.sin(table), 'float32', ['new', size / 2]),
      size,
    })),
    pieces: pieces[passes],
    slotCounts: readSlotCounts(graph, spec, pieces[passes].length + 1),
    giveOut: outputs.rows,
    masks: new Masks(graph, order),
    report: probeKind(probe).build(graph, probe, order),
  };
  const wanted = graph.input(names.outputRows, 'int32', ['outputs']);
  const residual = new Residual(graph, weights, rows);
  for (const [index, layer] of spec.layers.entries()) {
    // Nobody reads the last layer's output for other tokens; their keys, values and attention are needed.
    const rows = index === spec.layers.length - 1 ? wanted : null;
    graph.scope(`layer.${index}`, () => addLayer(attentionContext, layer, index, residual, rows));
  }
  const last = residual.sum();
  const hidden = spec.finalNorm ? norm(graph, weights, spec.finalNorm, last) : last;
  outputs.hidden(hidden);
  return hidden;
}

/**
 * Adds both halves of a layer to the residual stream.
 *
 * @param rows the tokens that go on from here, int32; null for all
 */
function addLayer(
  context: AttentionContext,
  spec: LayerSpec,
  index: number,
  residual: Residual,
  rows: Value | null,
): void {
  const { graph, weights } = context;
  const { beforeAttention, afterAttention, beforeFeedForward, afterFeedForward } = spec.norms;
  const add = (spec: NormSpec | null, value: Value) =>
    residual.add(spec ? norm(graph, weights, spec, value) : value);
  const input = residual.normalised(beforeAttention);
  const attended = attention(context, spec.attention, index, input, rows);
  if (rows) residual.keep(rows);
  add(afterAttention, attended);
  add(
    afterFeedForward,
    feedForward(graph, weights, spec.feedForward, residual.normalised(beforeFeedForward)),
  );
}

/** One input for all heads, cut apart once, instead of nodes that measure the rows of each head. */
function readSlotCounts(graph: GraphBuilder, { layers }: BackboneSpec, perHead: number): Value[][] {
  const heads = layers.map(({ attention }) => attention.keyValueHeads);
  const total = heads.reduce((sum, count) => sum + count, 0);
  const all = graph.input(names.slotCounts, 'int64', [perHead * total]);
  const each = splitEqually(graph, all, total);
  return heads.map((count) => each.splice(0, count));
}
