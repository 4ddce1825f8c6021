import type { Probe } from '@namm/kv-cache';
import { GraphBuilder, type Value } from '@namm/onnx';
import type { ProbeContext } from '../probes/probe-output.js';
import { spectrumInputs } from '../probes/spectrum-output.js';
import type { ModelFolder } from '../source/model-folder.js';
import type { DecoderSpec, LayerSpec, NormSpec } from '../spec/decoder-spec.js';
import { type AttentionContext, attention } from './attention.js';
import { checkUnusedTensors } from './check-unused-tensors.js';
import { feedForward } from './feed-forward.js';
import { linear } from './linear.js';
import { Masks } from './masks.js';
import { names } from './names.js';
import { norm } from './norm.js';
import { Residual } from './residual.js';
import { softCap } from './soft-cap.js';
import { splitEqually } from './split-equally.js';
import { type UnalignedFile, Weights } from './weights.js';

/** A graph and where its weights are. */
export interface DecoderGraph {
  /** Bytes of the ONNX model; its weights stay in the folder's files. */
  readonly model: Uint8Array;
  /** Folder that the weights' locations are relative to. */
  readonly weightsFolder: string;
  /** Files to be given to the session from memory. */
  readonly unaligned: readonly UnalignedFile[];
}

/**
 * Builds the graph of one forward pass over any number of new tokens.
 *
 * Inputs: `ids [i]` and `embeddings [e, hiddenSize]`, of which one is empty; `positions` of the new
 * tokens; rows of cos and sin; per layer and KV head the past keys and values in two pieces (and the
 * positions, in sliding windows); `slot_counts`, three per layer and KV head: rows of the two pieces and
 * new ones; `output_rows`, the new tokens whose logits are wanted. Outputs: logits and final hidden states
 * of those rows; per layer the new keys and values; the probe per layer and KV head. A `spectrum` probe has
 * inputs of its own.
 *
 * @param folder the model folder
 * @param spec what its configuration says
 * @param probe what to report of the attention
 * @throws {ModelFolderError} when a weight is missing, has another shape or type than the spec says, or
 *   would be left out although it matters
 */
export async function buildGraph(
  folder: ModelFolder,
  spec: DecoderSpec,
  probe: Probe,
): Promise<DecoderGraph> {
  const graph = new GraphBuilder(spec.family);
  const weights = new Weights(folder, graph);
  const positions = graph.input(names.positions, 'int32', ['new']);
  const rotary = spec.rotary.map(({ size }, table) => ({
    cos: graph.input(names.cos(table), 'float32', ['new', size / 2]),
    sin: graph.input(names.sin(table), 'float32', ['new', size / 2]),
    size,
  }));
  const slotCounts = readSlotCounts(graph, spec);
  const masks = new Masks(graph, positions);
  const probing: ProbeContext =
    probe.kind === 'spectrum'
      ? { kind: 'spectrum', inputs: spectrumInputs(graph, probe, positions) }
      : probe;
  const context = { graph, weights, masks, rotary, slotCounts, probe: probing };

  const rows = graph.input(names.outputRows, 'int32', ['outputs']);
  const residual = new Residual(graph, weights, embed(graph, weights, spec, positions));
  for (const [index, layer] of spec.layers.entries()) {
    // Nobody reads the last layer's output for other tokens; their keys, values and attention are needed.
    const wanted = index === spec.layers.length - 1 ? rows : null;
    graph.scope(`layer.${index}`, () => decoderLayer(context, layer, index, residual, wanted));
  }

  const last = norm(graph, weights, spec.finalNorm, residual.sum());
  const logits = softCap(graph, spec.logitSoftCap, linear(graph, weights, spec.head, last));
  graph.output(names.hidden, last, 'float32', ['outputs', spec.hiddenSize]);
  graph.output(names.logits, logits, 'float32', ['outputs', spec.vocabularySize]);
  await checkUnusedTensors(folder, spec, weights.used);
  return { model: graph.encode(), weightsFolder: weights.folder, unaligned: weights.unaligned };
}

/** Ids through the table, rows as they are, learned positions on both. */
function embed(graph: GraphBuilder, weights: Weights, spec: DecoderSpec, positions: Value): Value {
  const { vocabularySize, hiddenSize, embedding } = spec;
  const table = weights.get(embedding.weight, [vocabularySize, hiddenSize]);
  const ids = graph.input(names.ids, 'int32', ['ids']);
  const rows = graph.input(names.embeddings, 'float32', ['rows', hiddenSize]);
  const looked = graph.node('Gather', [table, ids]);
  const scaled =
    embedding.scale === 1 ? looked : graph.node('Mul', [looked, graph.float32([embedding.scale])]);
  const both = graph.node('Concat', [scaled, rows], { attributes: { axis: 0 } });
  if (!embedding.learnedPositions) return both;
  const { weight, count } = embedding.learnedPositions;
  const learned = weights.get(weight, [count, hiddenSize]);
  return graph.node('Add', [both, graph.node('Gather', [learned, positions])]);
}

/**
 * Adds both halves of a layer to the residual stream.
 *
 * @param rows the tokens that go on from here, int32; null for all
 */
function decoderLayer(
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
function readSlotCounts(graph: GraphBuilder, { layers }: DecoderSpec): Value[][] {
  const heads = layers.map(({ attention }) => attention.keyValueHeads);
  const total = heads.reduce((sum, count) => sum + count, 0);
  const all = graph.input(names.slotCounts, 'int64', [3 * total]);
  const each = splitEqually(graph, all, total);
  return heads.map((count) => each.splice(0, count));
}
