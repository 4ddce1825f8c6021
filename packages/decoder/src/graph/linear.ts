import type { GraphBuilder, Value } from '@namm/onnx';
import type { LinearSpec } from '../spec/decoder-spec.js';
import type { Weights } from './weights.js';

/** y = x W + b for `x [rows, inputs]`. */
export function linear(graph: GraphBuilder, weights: Weights, spec: LinearSpec, x: Value): Value {
  const outputsFirst = spec.layout === 'outputs-first';
  const shape = outputsFirst ? [spec.outputs, spec.inputs] : [spec.inputs, spec.outputs];
  const inputs = [x, weights.get(spec.weight, shape)];
  if (spec.bias) inputs.push(weights.get(spec.bias, [spec.outputs]));
  return graph.node('Gemm', inputs, { attributes: { transB: outputsFirst ? 1 : 0 } });
}
