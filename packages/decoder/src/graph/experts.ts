import type { GraphBuilder, Value } from '@namm/onnx';
import type { ExpertsLinearSpec, ExpertsSpec } from '../spec/decoder-spec.js';
import { activation } from './activation.js';
import { linear } from './linear.js';
import type { Weights } from './weights.js';

/**
 * A mixture of experts for `x [rows, hiddenSize]`. Every expert computes every token, and those that were not chosen
 * count 0: ONNX Runtime has no kernel for these weights as they are stored.
 */
export function experts(graph: GraphBuilder, weights: Weights, spec: ExpertsSpec, x: Value): Value {
  const each = (rows: Value, { weight, bias, inputs, outputs }: ExpertsLinearSpec) => {
    const product = graph.node('MatMul', [
      rows,
      weights.get(weight, [spec.experts, inputs, outputs]),
    ]);
    const added = weights.get(bias, [spec.experts, outputs]);
    return graph.node('Add', [product, graph.node('Unsqueeze', [added, graph.int64([1])])]);
  };
  const both = each(graph.node('Unsqueeze', [x, graph.int64([0])]), spec.gateAndUp);
  const everySecond = (first: number) =>
    graph.node('Slice', [both, ...[first, 2 ** 53 - 1, 2, 2].map((i) => graph.int64([i]))]);
  const most = graph.float32([spec.limit]);
  const gate = graph.node('Min', [everySecond(0), most]);
  const up = graph.node('Max', [
    graph.node('Min', [everySecond(1), most]),
    graph.float32([-spec.limit]),
  ]);
  const gated = activation(graph, { swish: spec.alpha }, gate);
  const inner = graph.node('Mul', [graph.node('Add', [up, graph.float32([1])]), gated]);
  const shares = graph.node('Unsqueeze', [sharesOf(graph, weights, spec, x), graph.int64([2])]);
  const given = graph.node('Mul', [each(inner, spec.down), shares]);
  return graph.node('ReduceSum', [given, graph.int64([0])], { attributes: { keepdims: 0 } });
}

/** What each expert counts for each token, `[experts, rows]`: 0 for those that were not chosen. */
function sharesOf(
  graph: GraphBuilder,
  weights: Weights,
  { router, chosen, experts }: ExpertsSpec,
  x: Value,
): Value {
  // One row more, for TopK ends the process when there is none (ONNX Runtime 1.30), as where no output is asked for.
  const spare = graph.float32(new Array<number>(experts).fill(0), [1, experts]);
  const attributes = { axis: 0 };
  const logits = graph.node('Concat', [linear(graph, weights, router, x), spare], { attributes });
  const [largest, which] = graph.nodes('TopK', [logits, graph.int64([chosen])], 2);
  const shares = graph.node('Softmax', [largest!], { attributes: { axis: -1 } });
  const none = graph.node('Expand', [graph.float32([0]), graph.node('Shape', [logits])]);
  const all = graph.node('ScatterElements', [none, which!, shares], { attributes: { axis: 1 } });
  const real = graph.node('Slice', [all, ...[0, -1, 0].map((i) => graph.int64([i]))]);
  return graph.node('Transpose', [real], { attributes: { perm: [1, 0] } });
}
