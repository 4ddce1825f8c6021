import type { Value } from '@namm/onnx';
import type { DecoderSpec, EmbeddingSpec } from '../spec/decoder-spec.js';
import { fewBitRows } from './few-bit-rows.js';
import type { GraphContext } from './graph-context.js';
import { names } from './names.js';
import type { MatrixSpec } from './weights.js';

/**
 * The rows that the first layer reads, `[new, hiddenSize]`: ids through the embedding, where the model has one,
 * then rows as they are; learned positions on both.
 *
 * @param context the graph
 * @param spec the model
 * @param options whether ids are among them; else the rows of ids are given, too
 */
export function inputRows(
  context: GraphContext,
  spec: DecoderSpec,
  { takesIds = true }: { readonly takesIds?: boolean } = {},
): Value {
  const { graph, weights } = context;
  const { hiddenSize, learnedPositions } = spec;
  const embedded = takesIds ? embeddedIds(context, spec) : null;
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

function embeddedIds({ graph, weights }: GraphContext, spec: DecoderSpec): Value | null {
  const { embedding } = spec;
  if (!embedding) return null;
  const ids = graph.input(names.ids, 'int32', ['ids']);
  const table = embeddingTable(spec, embedding);
  const matrix = weights.fewBits([table]);
  const rows = matrix
    ? fewBitRows(graph, matrix, ids)
    : graph.node('Gather', [weights.get(table.weight, [table.outputs, table.inputs]), ids]);
  if (embedding.scale === 1) return rows;
  return graph.node('Mul', [rows, graph.float32([embedding.scale])]);
}

/** The matrix of an embedding, a row for each id. */
export function embeddingTable(
  { vocabularySize, hiddenSize }: DecoderSpec,
  { weight }: EmbeddingSpec,
): MatrixSpec {
  return { weight, outputs: vocabularySize!, inputs: hiddenSize, layout: 'outputs-first' };
}
