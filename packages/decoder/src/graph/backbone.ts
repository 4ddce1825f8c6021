import type { GraphBuilder, Value } from '@namm/onnx';
import type { BackboneSpec } from '../spec/decoder-spec.js';
import { attentionsOf } from '../spec/layers-of.js';
import { attention } from './attention.js';
import type { AttentionContext, AttentionRun } from './attention-context.js';
import { attentionInputs } from './attention-inputs.js';
import { Convolutions } from './convolution.js';
import type { GraphContext } from './graph-context.js';
import { afterAttention, beforeAttention, convolutionLayer } from './layer-halves.js';
import { names, type PassSize, pieces } from './names.js';
import { norm } from './norm.js';
import { joinedOutputs, outputsEach } from './outputs.js';
import type { RotaryTable } from './project.js';
import { Residual } from './residual.js';

/**
 * All layers of a decoder over a ragged cache, and the norm after them.
 *
 * @param context the graph
 * @param spec the layers
 * @param run how their attention runs
 * @param passes what they are like
 * @param rows what the first layer reads, `[new, hiddenSize]`
 * @returns final hidden states of the tokens in `output_rows`, `[outputs, hiddenSize]`, which are also graph outputs
 */
export function backbone(
  context: GraphContext,
  spec: BackboneSpec,
  run: AttentionRun,
  passes: PassSize,
  rows: Value,
): Value {
  const { graph, weights } = context;
  const order = graph.input(names.order, 'int32', ['new']);
  const outputs = passes === 'small' ? joinedOutputs(graph, spec) : outputsEach(graph, spec);
  const rotary = rotaryInputs(graph, spec);
  const heads = attentionsOf(spec).map(({ keyValueHeads }) => keyValueHeads);
  const attentionContext: AttentionContext = {
    ...attentionInputs(graph, heads, run, pieces[passes], order),
    giveOut: outputs.rows,
  };
  const wanted = graph.input(names.outputRows, 'int32', ['outputs']);
  const residual = new Residual(graph, weights, rows);
  const convolutions = new Convolutions(context, spec.hiddenSize);
  let [attentions, convolved] = [0, 0];
  for (const [index, layer] of spec.layers.entries()) {
    // Nobody reads the last layer's output for other tokens; what they leave in caches is needed.
    const rows = index === spec.layers.length - 1 ? wanted : null;
    graph.scope(`layer.${index}`, () => {
      if (layer.convolution) {
        convolutionLayer(context, layer, residual, convolutions, convolved++, rows);
        return;
      }
      const projected = beforeAttention(context, layer, rotary, residual);
      const number = attentions++;
      const attended = attention(attentionContext, layer.attention, number, projected, rows);
      afterAttention(context, layer, residual, attended, rows);
    });
  }
  const hidden = finalRows(context, spec, residual);
  outputs.hidden(hidden);
  return hidden;
}

/** cos and sin of the new tokens, for each table that layers refer to. */
export function rotaryInputs(graph: GraphBuilder, { rotary }: BackboneSpec): RotaryTable[] {
  return rotary.map(({ size }, table) => ({
    cos: graph.input(names.cos(table), 'float32', ['new', size / 2]),
    sin: graph.input(names.sin(table), 'float32', ['new', size / 2]),
    size,
  }));
}

/** Hidden states after the last layer. */
export function finalRows(
  { graph, weights }: GraphContext,
  { finalNorm }: BackboneSpec,
  residual: Residual,
): Value {
  const last = residual.sum();
  return finalNorm ? norm(graph, weights, finalNorm, last) : last;
}
