import type { GraphBuilder, Value } from '@namm/onnx';
import type { FewBitMatrix } from './few-bit-matrix.js';

/**
 * Rows of a matrix in few bits, as float32.
 *
 * @param ids of the rows, int32 `[n]`
 * @returns `[n, inputs]`
 */
export function fewBitRows(graph: GraphBuilder, matrix: FewBitMatrix, ids: Value): Value {
  const { inputs, bits, groupSize, codes, scales, offsets } = matrix;
  const groups = inputs / groupSize;
  const stored = graph.node('Gather', [codes, ids]);
  const bytes = graph.node('Cast', [stored], { attributes: { to: 1 /* float32 */ } });
  const shape = graph.int64([-1, groups, groupSize]);
  let numbers = bytes;
  if (bits === 4) {
    const sixteen = graph.float32([16]);
    const high = graph.node('Floor', [graph.node('Div', [bytes, sixteen])]);
    const low = graph.node('Sub', [bytes, graph.node('Mul', [high, sixteen])]);
    const last = graph.int64([-1]);
    const each = [low, high].map((half) => graph.node('Unsqueeze', [half, last]));
    const pairs = graph.node('Concat', each, { attributes: { axis: -1 } });
    numbers = graph.node('Reshape', [pairs, shape]);
  }
  const perGroup = (values: Value) =>
    graph.node('Unsqueeze', [graph.node('Gather', [values, ids]), graph.int64([-1])]);
  const centred = graph.node('Sub', [numbers, graph.float32([2 ** (bits - 1)])]);
  const scaled = graph.node('Mul', [centred, perGroup(scales)]);
  const all = offsets ? graph.node('Add', [scaled, perGroup(offsets)]) : scaled;
  return graph.node('Reshape', [all, graph.int64([-1, inputs])]);
}
