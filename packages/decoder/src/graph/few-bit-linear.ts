import type { GraphBuilder, Value } from '@namm/onnx';
import type { FewBitMatrix } from './few-bit-matrix.js';

/**
 * x Wᵀ + b with W in few bits. Rows of x are rounded to 8 bits by groups on the way (accuracy level 4), as in
 * llama.cpp: other levels take two to four times as long in 4 bits, and thirty times in 8.
 *
 * Offsets are a product of their own with the sums of x over the groups, which is exact: zero points that are no
 * whole numbers would switch the fast kernel off (ONNX Runtime 1.30).
 *
 * @param x `[rows, inputs]`
 * @returns `[rows, outputs]`
 */
export function fewBitLinear(
  graph: GraphBuilder,
  matrix: FewBitMatrix,
  bias: Value | null,
  x: Value,
): Value {
  const { outputs, inputs, bits, groupSize, codes, scales, offsets } = matrix;
  const product = graph.node('MatMulNBits', [x, codes, scales, null, null, bias], {
    domain: 'com.microsoft',
    attributes: { K: inputs, N: outputs, bits, block_size: groupSize, accuracy_level: 4 },
  });
  if (!offsets) return product;
  const sums = groupSums(graph, matrix, x);
  return graph.node('Gemm', [sums, offsets, product], { attributes: { transB: 1 } });
}

/** Of each row of x, by groups, `[rows, groups]`: less work than to multiply with ones, which each session would pack anew. */
function groupSums(graph: GraphBuilder, { inputs, groupSize }: FewBitMatrix, x: Value): Value {
  const groups = inputs / groupSize;
  const grouped = graph.node('Reshape', [x, graph.int64([-1, groups, groupSize])]);
  const attributes = { keepdims: 0 };
  const sums = graph.node('ReduceSum', [grouped, graph.int64([-1])], { attributes });
  // ONNX Runtime 1.30 leaves the last axis where there are no rows.
  return graph.node('Reshape', [sums, graph.int64([-1, groups])]);
}
