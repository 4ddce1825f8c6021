import type { ModelSource } from '@namm/decoder';
import {
  activation,
  feedForward,
  linear,
  norm,
  Residual,
  type RuntimeModel,
  Weights,
} from '@namm/decoder';
import { GraphBuilder, type Value } from '@namm/onnx';
import type { ProjectorSpec, VisionLayerSpec, VisionSpec, VisionTowerSpec } from './vision-spec.js';

/** Inputs and output of the graph. */
export const visionNames = {
  pixels: 'pixels',
  positions: 'positions',
  visible: 'visible',
  groups: 'groups',
  features: 'features',
} as const;

/**
 * Builds the graph from pixels to rows of the decoder, for one tile.
 *
 * Inputs: `pixels [1, 3, imageSize, imageSize]`; for a tower that knows padding also `positions [patches]`, int32, and
 * `visible [seen]`, int32, the patches that are not padding; for a projector that pools `groups [rows, patches]`, int32, the
 * patches that each row is pooled from. Output: `features [rows, outputSize]`.
 *
 * @param source the weights
 * @param spec tower and projector
 * @throws {ModelFolderError} when a weight is missing, or has another shape than the spec says
 */
export function visionGraph(source: ModelSource, spec: VisionSpec): RuntimeModel {
  const graph = new GraphBuilder('vision');
  const weights = new Weights(source, graph);
  const rows = graph.scope('tower', () => tower(graph, weights, spec.tower));
  const features = graph.scope('projector', () =>
    project(graph, weights, spec.projector, spec.tower, rows),
  );
  graph.output(visionNames.features, features, 'float32', ['rows', spec.outputSize]);
  return { graph: graph.encode(), weightsFolder: weights.folder, memory: weights.memory };
}

/** A row for each patch, `[patches, hiddenSize]`. */
function tower(graph: GraphBuilder, weights: Weights, spec: VisionTowerSpec): Value {
  const { imageSize, patchSize, hiddenSize, patches, classToken, positions, hasPadding } = spec;
  const count = Math.floor(imageSize / patchSize) ** 2;
  const pixels = graph.input(visionNames.pixels, 'float32', [1, 3, imageSize, imageSize]);
  const kernel = [
    weights.get(patches.weight, [hiddenSize, 3, patchSize, patchSize]),
    ...(patches.bias ? [weights.get(patches.bias, [hiddenSize])] : []),
  ];
  const attributes = { strides: [patchSize, patchSize] };
  const grid = graph.node('Conv', [pixels, ...kernel], { attributes });
  const columns = graph.node('Reshape', [grid, graph.int64([hiddenSize, count])]);
  let rows = graph.node('Transpose', [columns], { attributes: { perm: [1, 0] } });
  if (classToken) {
    const token = graph.node('Reshape', [
      weights.get(classToken, [hiddenSize]),
      graph.int64([1, hiddenSize]),
    ]);
    rows = graph.node('Concat', [token, rows], { attributes: { axis: 0 } });
  }
  let table = weights.get(positions, [count + (classToken ? 1 : 0), hiddenSize]);
  let visible: Value | null = null;
  if (hasPadding) {
    table = graph.node('Gather', [table, graph.input(visionNames.positions, 'int32', [count])]);
    visible = graph.input(visionNames.visible, 'int32', ['visible']);
  }
  rows = graph.node('Add', [rows, table]);
  if (spec.firstNorm) rows = norm(graph, weights, spec.firstNorm, rows);
  const residual = new Residual(graph, weights, rows);
  for (const [index, layer] of spec.layers.entries()) {
    graph.scope(`layer.${index}`, () => {
      const input = residual.normalised(layer.beforeAttention);
      residual.add(attend(graph, weights, layer, spec, input, visible));
      const second = residual.normalised(layer.beforeFeedForward);
      residual.add(feedForward(graph, weights, layer.feedForward, second));
    });
  }
  const last = residual.normalised(spec.lastNorm);
  if (!classToken) return last;
  const starts = [graph.int64([1]), graph.int64([count + 1]), graph.int64([0])];
  return graph.node('Slice', [last, ...starts]);
}

/** Every row sees every visible one, `[rows, hiddenSize]`. */
function attend(
  graph: GraphBuilder,
  weights: Weights,
  { query, key, value, output }: VisionLayerSpec,
  { heads, hiddenSize }: VisionTowerSpec,
  rows: Value,
  visible: Value | null,
): Value {
  const seen = visible ? graph.node('Gather', [rows, visible]) : rows;
  const batch = (x: Value) => graph.node('Unsqueeze', [x, graph.int64([0])]);
  const [q, k, v] = [
    linear(graph, weights, query, rows),
    linear(graph, weights, key, seen),
    linear(graph, weights, value, seen),
  ];
  const mixed = graph.node('MultiHeadAttention', [batch(q), batch(k), batch(v)], {
    domain: 'com.microsoft',
    attributes: { num_heads: heads },
  });
  const flat = graph.node('Reshape', [mixed, graph.int64([-1, hiddenSize])]);
  return linear(graph, weights, output, flat);
}

/** Rows of the decoder from those of patches, `[patches, hiddenSize]`. */
function project(
  graph: GraphBuilder,
  weights: Weights,
  spec: ProjectorSpec,
  { imageSize, patchSize, hiddenSize }: VisionTowerSpec,
  rows: Value,
): Value {
  const edge = Math.floor(imageSize / patchSize);
  if (spec.kind === 'shuffle') {
    const { factor } = spec;
    const part = edge / factor;
    const cut = graph.node('Reshape', [
      rows,
      graph.int64([part, factor, part, factor, hiddenSize]),
    ]);
    const joined = graph.node('Transpose', [cut], { attributes: { perm: [0, 2, 1, 3, 4] } });
    const wide = graph.int64([part * part, factor * factor * hiddenSize]);
    return linear(graph, weights, spec.linear, graph.node('Reshape', [joined, wide]));
  }
  const groups = graph.input(visionNames.groups, 'int32', ['rows', 'pooled']);
  const operator = spec.mode === 'average' ? 'ReduceMean' : 'ReduceMax';
  const pooled = graph.node(operator, [graph.node('Gather', [rows, groups]), graph.int64([1])], {
    attributes: { keepdims: 0 },
  });
  const inner = activation(graph, spec.activation, linear(graph, weights, spec.first, pooled));
  return linear(graph, weights, spec.second, inner);
}
