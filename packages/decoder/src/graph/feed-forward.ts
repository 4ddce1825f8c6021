import type { GraphBuilder, Value } from '@namm/onnx';
import type { ExpertsSpec, FeedForwardSpec } from '../spec/decoder-spec.js';
import { activation } from './activation.js';
import { experts } from './experts.js';
import { linear, linears } from './linear.js';
import type { Weights } from './weights.js';

/** The second half of a layer, for `x [rows, hiddenSize]`. */
export function feedForward(
  graph: GraphBuilder,
  weights: Weights,
  spec: FeedForwardSpec,
  x: Value,
): Value {
  if (spec.kind === 'experts') return experts(graph, weights, spec, x);
  return linear(graph, weights, spec.down, inner(graph, weights, spec, x));
}

function inner(
  graph: GraphBuilder,
  weights: Weights,
  spec: Exclude<FeedForwardSpec, ExpertsSpec>,
  x: Value,
): Value {
  switch (spec.kind) {
    case 'plain':
      return activation(graph, spec.activation, linear(graph, weights, spec.up, x));
    case 'gated': {
      const [gate, up] = linears(graph, weights, [spec.gate, spec.up], x);
      return graph.node('Mul', [activation(graph, spec.activation, gate!), up!]);
    }
    case 'fused-gated': {
      const both = linear(graph, weights, spec.gateAndUp, x);
      const attributes = { axis: -1, num_outputs: 2 };
      const [gate, up] = graph.nodes('Split', [both], 2, { attributes });
      return graph.node('Mul', [activation(graph, spec.activation, gate!), up!]);
    }
  }
}
