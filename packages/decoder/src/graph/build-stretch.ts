import type { Probe } from '@namm/kv-cache';
import { GraphBuilder, type Value } from '@namm/onnx';
import { probeKind } from '../probes/probe-kinds.js';
import type { ModelSource } from '../source/model-source.js';
import { finalRows, rotaryInputs } from './backbone.js';
import { projectedSize } from './build-attention.js';
import type { GraphContext } from './graph-context.js';
import { inputRows } from './input-rows.js';
import { languageModelHead } from './language-model-head.js';
import { afterAttention, beforeAttention } from './layer-halves.js';
import { names } from './names.js';
import { Residual } from './residual.js';
import { type ModelGraph, type WeightHolding, Weights } from './weights.js';

/**
 * Builds the graph of what a model does with each token by itself between two attentions. It reads rows of any number
 * of sequences side by side. Stretch 0 goes from the tokens to the attention of layer 0, stretch i to that of layer i,
 * and the last one, whose number is that of the layers, to the logits.
 *
 * Inputs: for the first `ids`, `embeddings` and `positions`, as of a whole model; for the others `stream` and
 * `attended`; rows of cos and sin, for the last `output_rows`. Outputs: `stream.after`, and `projected`, which is queries,
 * keys and values side by side; of the last `hidden` and `logits`.
 *
 * @param source the model
 * @param probe what attention is to report
 * @param holding how weights are held
 * @param index of the stretch
 * @returns what a runtime loads
 * @throws {ModelFolderError} when a weight is missing, or has another shape or type than the spec says
 */
export async function buildStretch(
  source: ModelSource,
  probe: Probe,
  holding: WeightHolding,
  index: number,
): Promise<ModelGraph> {
  const { spec } = source;
  const graph = new GraphBuilder(`${spec.family}, stretch ${index}`);
  const context = { graph, weights: new Weights(source, graph, holding) };
  const residual = new Residual(graph, context.weights, startOf(context, source, index));
  if (index === spec.layers.length) addEnd(context, source, residual);
  else addMiddle(context, source, probe, index, residual);
  return context.weights.finish();
}

/** The stream that a stretch begins with. */
function startOf(context: GraphContext, { spec }: ModelSource, index: number): Value {
  if (index === 0) return inputRows(context, spec);
  return context.graph.input(names.stream, 'float32', ['new', spec.hiddenSize]);
}

/** What the attention before a stretch gave. */
function attendedInput({ graph }: GraphContext, { spec }: ModelSource, index: number): Value {
  const { queryHeads, headSize } = spec.layers[index - 1]!.attention;
  return graph.input(names.attended, 'float32', ['new', queryHeads * headSize]);
}

function addMiddle(
  context: GraphContext,
  source: ModelSource,
  probe: Probe,
  index: number,
  residual: Residual,
): void {
  const { graph } = context;
  const { layers, hiddenSize } = source.spec;
  if (index > 0) {
    const attended = attendedInput(context, source, index);
    afterAttention(context, layers[index - 1]!, residual, attended, null);
  }
  const rotary = rotaryInputs(graph, source.spec);
  const { sideBySide: rows, unrotated } = beforeAttention(
    context,
    layers[index]!,
    rotary,
    residual,
  );
  const { attention } = layers[index]!;
  const rotated = (attention.queryHeads + attention.keyValueHeads) * attention.headSize;
  const flat =
    rows.length === 3
      ? rows
      : [graph.node('Reshape', [rows[0]!, graph.int64([-1, rotated])]), rows[1]!];
  const all = probeKind(probe).readsQueries ? [...flat, unrotated] : flat;
  const projected = graph.node('Concat', all, { attributes: { axis: -1 } });
  graph.output(names.streamAfter, residual.sum(), 'float32', ['new', hiddenSize]);
  graph.output(names.projected, projected, 'float32', ['new', projectedSize(attention, probe)]);
}

function addEnd(context: GraphContext, source: ModelSource, residual: Residual): void {
  const { graph } = context;
  const { layers, hiddenSize, head, vocabularySize } = source.spec;
  const outputs = graph.input(names.outputRows, 'int32', ['outputs']);
  const attended = attendedInput(context, source, layers.length);
  const wanted = graph.node('Gather', [attended, outputs]);
  afterAttention(context, layers.at(-1)!, residual, wanted, outputs);
  const hidden = finalRows(context, source.spec, residual);
  graph.output(names.hidden, hidden, 'float32', ['outputs', hiddenSize]);
  if (!head) return;
  const logits = languageModelHead(context, head, hidden);
  graph.output(names.logits, logits, 'float32', ['outputs', vocabularySize!]);
}
