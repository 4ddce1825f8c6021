import type { Probe } from '@namm/kv-cache';
import { GraphBuilder, type Value } from '@namm/onnx';
import { readsQueries } from '../probes/probe-kinds.js';
import type { ModelSource } from '../source/model-source.js';
import type { StoredTable } from '../source/stored-rows.js';
import type {
  AttentionLayerSpec,
  ConvolutionLayerSpec,
  DecoderSpec,
} from '../spec/decoder-spec.js';
import { finalRows, rotaryInputs } from './backbone.js';
import { projectedSize } from './build-attention.js';
import { Convolutions } from './convolution.js';
import type { GraphContext } from './graph-context.js';
import { embeddingTable, inputRows } from './input-rows.js';
import { languageModelHead } from './language-model-head.js';
import { afterAttention, beforeAttention, convolutionLayer } from './layer-halves.js';
import { names } from './names.js';
import { Residual } from './residual.js';
import { type ModelGraph, type WeightHolding, Weights } from './weights.js';

/** The layers that a stretch computes: the second half of one, whole ones without an attention, the first half of another. */
interface Stretch {
  /** The layer whose attention is before it; null for the first stretch. */
  readonly from: AttentionLayerSpec | null;
  readonly between: readonly ConvolutionLayer[];
  /** The layer whose attention comes next; null for the last stretch. */
  readonly to: AttentionLayerSpec | null;
}

/** A layer without rows, and its number among those of the model. */
interface ConvolutionLayer {
  readonly layer: ConvolutionLayerSpec;
  readonly index: number;
}

/** What lies between the attentions of a model, in order: one stretch more than there are attentions. */
export function stretchesOf({ layers }: DecoderSpec): Stretch[] {
  const stretches: Stretch[] = [];
  let [from, between]: [AttentionLayerSpec | null, ConvolutionLayer[]] = [null, []];
  let convolutions = 0;
  for (const layer of layers) {
    if (layer.convolution) {
      between.push({ layer, index: convolutions++ });
      continue;
    }
    stretches.push({ from, between, to: layer });
    [from, between] = [layer, []];
  }
  return [...stretches, { from, between, to: null }];
}

/**
 * Builds the graph of what a model does between two attentions: with each token by itself, and its convolutions. It reads
 * rows of any number of sequences side by side. Stretch 0 goes from the tokens to the first attention, stretch i to the
 * next, and the last one, whose number is that of the attentions, to the logits.
 *
 * Inputs: for the first `ids`, unless the embedding is read from a file, `embeddings` and `positions`, as of a whole model; for the others `stream` and
 * `attended`; rows of cos and sin, for the last `output_rows`; what its convolutions keep, and which rows they read.
 * Outputs: `stream.after`, and `projected`, which is queries, keys and values side by side; of the last `hidden` and
 * `logits`; what its convolutions keep from here on.
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
  const embedding = index === 0 ? storedEmbedding(context, spec) : null;
  const start = startOf(context, source, index, embedding === null);
  const residual = new Residual(graph, context.weights, start);
  const { from, between, to } = stretchesOf(spec)[index]!;
  // Nobody reads the last layer's output for other tokens.
  const outputs = to ? null : graph.input(names.outputRows, 'int32', ['outputs']);
  if (from) {
    const rows = between.length === 0 ? outputs : null;
    const attended = attendedInput(context, from);
    const wanted = rows ? graph.node('Gather', [attended, rows]) : attended;
    afterAttention(context, from, residual, wanted, rows);
  }
  const convolutions = new Convolutions(context, spec.hiddenSize);
  for (const { layer, index } of between) {
    const rows = index === between.at(-1)!.index ? outputs : null;
    convolutionLayer(context, layer, residual, convolutions, index, rows);
  }
  if (to) addProjection(context, source, probe, to, residual);
  else addEnd(context, source, residual);
  return { ...(await context.weights.finish()), embedding };
}

function storedEmbedding({ weights }: GraphContext, spec: DecoderSpec): StoredTable | null {
  return spec.embedding && weights.storedTable(embeddingTable(spec, spec.embedding));
}

/** The stream that a stretch begins with. */
function startOf(
  context: GraphContext,
  { spec }: ModelSource,
  index: number,
  takesIds: boolean,
): Value {
  if (index === 0) return inputRows(context, spec, { takesIds });
  return context.graph.input(names.stream, 'float32', ['new', spec.hiddenSize]);
}

/** What the attention before a stretch gave. */
function attendedInput({ graph }: GraphContext, { attention }: AttentionLayerSpec): Value {
  const { queryHeads, headSize } = attention;
  return graph.input(names.attended, 'float32', ['new', queryHeads * headSize]);
}

/** What the attention behind a stretch reads. */
function addProjection(
  context: GraphContext,
  source: ModelSource,
  probe: Probe,
  layer: AttentionLayerSpec,
  residual: Residual,
): void {
  const { graph } = context;
  const rotary = rotaryInputs(graph, source.spec);
  const { sideBySide: rows, unrotated, sinks } = beforeAttention(context, layer, rotary, residual);
  const { attention } = layer;
  const rotated = (attention.queryHeads + attention.keyValueHeads) * attention.headSize;
  const flat =
    rows.length === 3
      ? rows
      : [graph.node('Reshape', [rows[0]!, graph.int64([-1, rotated])]), rows[1]!];
  const all = [...flat, ...(readsQueries(probe) ? [unrotated] : []), ...(sinks ? [sinks] : [])];
  const projected = graph.node('Concat', all, { attributes: { axis: -1 } });
  graph.output(names.streamAfter, residual.sum(), 'float32', ['new', source.spec.hiddenSize]);
  graph.output(names.projected, projected, 'float32', ['new', projectedSize(attention, probe)]);
}

/** What comes behind the last layer. */
function addEnd(context: GraphContext, { spec }: ModelSource, residual: Residual): void {
  const { graph } = context;
  const { hiddenSize, head, vocabularySize } = spec;
  const hidden = finalRows(context, spec, residual);
  graph.output(names.hidden, hidden, 'float32', ['outputs', hiddenSize]);
  if (!head) return;
  const logits = languageModelHead(context, head, hidden);
  graph.output(names.logits, logits, 'float32', ['outputs', vocabularySize!]);
}
