import type { GraphBuilder, Value } from '@namm/onnx';
import type { LinearSpec } from '../spec/decoder-spec.js';
import { fewBitLinear } from './few-bit-linear.js';
import type { Weights } from './weights.js';

/** y = x W + b for `x [rows, inputs]`. */
export function linear(graph: GraphBuilder, weights: Weights, spec: LinearSpec, x: Value): Value {
  return linears(graph, weights, [spec], x)[0]!;
}

/** Several products of the same rows: one where the matrices can be joined. */
export function linears(
  graph: GraphBuilder,
  weights: Weights,
  specs: readonly LinearSpec[],
  x: Value,
): Value[] {
  const haveBias = specs.map(({ bias }) => bias !== null);
  const matrix = haveBias.every((has) => has === haveBias[0]) ? weights.fewBits(specs) : null;
  if (!matrix) {
    if (specs.length > 1) return specs.map((spec) => linear(graph, weights, spec, x));
    return [floatLinear(graph, weights, specs[0]!, x)];
  }
  const biases = specs.flatMap(({ bias, outputs }) => (bias ? [weights.get(bias, [outputs])] : []));
  // The join of constants is folded when the session is made.
  const bias =
    biases.length > 1
      ? graph.node('Concat', biases, { attributes: { axis: 0 } })
      : (biases[0] ?? null);
  const product = fewBitLinear(graph, matrix, bias, x);
  if (specs.length === 1) return [product];
  const sizes = graph.int64(specs.map(({ outputs }) => outputs));
  return graph.nodes('Split', [product, sizes], specs.length, { attributes: { axis: -1 } });
}

function floatLinear(graph: GraphBuilder, weights: Weights, spec: LinearSpec, x: Value): Value {
  const outputsFirst = spec.layout === 'outputs-first';
  const shape = outputsFirst ? [spec.outputs, spec.inputs] : [spec.inputs, spec.outputs];
  const inputs = [x, weights.get(spec.weight, shape)];
  if (spec.bias) inputs.push(weights.get(spec.bias, [spec.outputs]));
  return graph.node('Gemm', inputs, { attributes: { transB: outputsFirst ? 1 : 0 } });
}
