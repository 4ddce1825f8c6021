import { GraphBuilder } from '@namm/onnx';
import type { ModelSource } from '../source/model-source.js';
import type { AttentionRun } from './attention-context.js';
import { backbone } from './backbone.js';
import { inputRows } from './input-rows.js';
import { languageModelHead } from './language-model-head.js';
import { names, type PassSize } from './names.js';
import { type ModelGraph, type WeightHolding, Weights } from './weights.js';

/**
 * Builds the graph of one forward pass over any number of new tokens, from its pieces: the rows that go in,
 * the backbone, and the head where the model has one.
 *
 * Inputs: `ids [i]` and `embeddings [e, hiddenSize]`, of which one is empty (a model without a vocabulary has
 * no `ids`); `order` of the new tokens; `positions` where they are learned; rows of cos and sin; per layer and
 * KV head the past keys and values in one piece or two, as caches hold them (and the order of their tokens, in sliding windows);
 * `slot_counts`, per layer and KV head the rows of each piece and the new ones; `output_rows`, the new tokens
 * whose logits are wanted. Outputs: final hidden states of those rows, and their logits where there is a head;
 * per layer the new keys and values, with small passes all these in one; what the probe reports. A probe may have inputs of its own.
 *
 * @param source the model
 * @param run how attention runs
 * @param holding how weights are held
 * @param passes what they are like
 * @returns what a runtime loads
 * @throws {ModelFolderError} when a weight is missing, or has another shape or type than the spec says
 */
export async function buildGraph(
  source: ModelSource,
  run: AttentionRun,
  holding: WeightHolding,
  passes: PassSize,
): Promise<ModelGraph> {
  const { spec } = source;
  const graph = new GraphBuilder(spec.family);
  const weights = new Weights(source, graph, holding);
  const context = { graph, weights };
  const hidden = backbone(context, spec, run, passes, inputRows(context, spec));
  if (spec.head) {
    const logits = languageModelHead(context, spec.head, hidden);
    graph.output(names.logits, logits, 'float32', ['outputs', spec.vocabularySize!]);
  }
  return weights.finish();
}
