import type { Value } from '@namm/onnx';
import type { DecoderSpec } from '../spec/decoder-spec.js';
import { fewBitRows } from './few-bit-rows.js';
import type { GraphContext } from './graph-context.js';
import { names } from './names.js';

/**
 * The rows that the first layer reads, `[new, hiddenSize]`: ids through the embedding, where the model has one,
 * then rows as they are; learned positions on both.
 *
 * @param context the graph
 * @param spec the model
 */
export function inputRows(context: GraphContext, spec: DecoderSpec): Value {
  const { graph, weights } = context;
  const { hiddenSize, learnedPositions } = spec;
  const embedded = embeddedIds(context, spec);
  const given = graph.input(names.embeddings, 'float32', ['rows', hiddenSize]);
  const rows = embedded
    ? graph.node('Concat', [embedded, given], { attributes: { axis: 0 } })
    : given;
  if (!learnedPositions) return rows;
  const { weight, count } = learnedPositions;
  const table = weights.get(weight, [count, hiddenSize]);
  const positions = graph.input(names.positions, 'int32', ['new']);
  return graph.node('Add', [rows, graph.node('Gather', [table, positions])]);
}

function embeddedIds(
  { graph, weights }: GraphContext,
  { vocabularySize, hiddenSize, embedding }: DecoderSpec,
): Value | null {
  if (!embedding) return null;
  const ids = graph.input(names.ids, 'int32', ['ids']);
  const [outputs, inputs] = [vocabularySize!, hiddenSize];
  const { weight } = embedding;
  const matrix = weights.fewBits([{ weight, outputs, inputs, layout: 'outputs-first' }]);
  const rows = matrix
    ? fewBitRows(graph, matrix, ids)
    : graph.node('Gather', [weights.get(weight, [outputs, inputs]), ids]);
  if (embedding.scale === 1) return rows;
  return graph.node('Mul', [rows, graph.float32([embedding.scale])]);
}
