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
import type { ProjectorSpec, VisionSpec, VisionTowerSpec } from './vision-spec.js';

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
 * @param rowsAtOnce of patches between two attentions, where that cuts them into equal parts: more leave the second cache of
 *   common processors
 * @throws {ModelFolderError} when a weight is missing, or has another shape than the spec says
 */
export function visionGraph(source: ModelSource, spec: VisionSpec, rowsAtOnce = 256): RuntimeModel {
  const graph = new GraphBuilder('vision');
  const weights = new Weights(source, graph);
  const rows = graph.scope('tower', () => tower(graph, weights, spec.tower, rowsAtOnce));
  const features = graph.scope('projector', () =>
    project(graph, weights, spec.projector, spec.tower, rows),
  );
  graph.output(visionNames.features, features, 'float32', ['rows', spec.outputSize]);
  return { graph: graph.encode(), weightsFolder: weights.folder, memory: weights.memory };
}

/** A row for each patch, `[patches, hiddenSize]`. */
function tower(
  graph: GraphBuilder,
  weights: Weights,
  spec: VisionTowerSpec,
  rowsAtOnce: number,
): Value {
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
  const all = count + (classToken ? 1 : 0);
  let table = weights.get(positions, [all, hiddenSize]);
  let visible: Value | null = null;
  if (hasPadding) {
    table = graph.node('Gather', [table, graph.input(visionNames.positions, 'int32', [count])]);
    visible = graph.input(visionNames.visible, 'int32', ['visible']);
  }
  rows = graph.node('Add', [rows, table]);
  if (spec.firstNorm) rows = norm(graph, weights, spec.firstNorm, rows);
  const each = inParts(graph, all, partsOf(all, rowsAtOnce));
  /** The residual stream, and what the attention of the layer reads; behind the last one what the tower gives. */
  const before = (index: number, residual: Residual) => {
    const layer = spec.layers[index];
    const input = residual.normalised(layer ? layer.beforeAttention : spec.lastNorm);
    if (!layer) return [input];
    const { query, key, value } = layer;
    const projected = [query, key, value].map((each) => linear(graph, weights, each, input));
    return [residual.sum(), ...projected];
  };
  let [stream, ...projected] = each([rows], ([x]) => before(0, new Residual(graph, weights, x!)));
  for (const [index, layer] of spec.layers.entries()) {
    graph.scope(`layer.${index}`, () => {
      const attended = attend(graph, spec, projected, visible);
      [stream, ...projected] = each([stream!, attended], ([x, y]) => {
        const residual = new Residual(graph, weights, x!);
        residual.add(linear(graph, weights, layer.output, y!));
        const second = residual.normalised(layer.beforeFeedForward);
        residual.add(feedForward(graph, weights, layer.feedForward, second));
        return before(index + 1, residual);
      });
    });
  }
  const last = stream!;
  if (!classToken) return last;
  const starts = [graph.int64([1]), graph.int64([count + 1]), graph.int64([0])];
  return graph.node('Slice', [last, ...starts]);
}

/** Every row sees every visible one, `[rows, hiddenSize]`. */
function attend(
  graph: GraphBuilder,
  { heads, hiddenSize }: VisionTowerSpec,
  [queries, ...all]: readonly Value[],
  visible: Value | null,
): Value {
  const seen = visible ? all.map((rows) => graph.node('Gather', [rows, visible])) : all;
  const batch = [queries!, ...seen].map((x) => graph.node('Unsqueeze', [x, graph.int64([0])]));
  const mixed = graph.node('MultiHeadAttention', batch, {
    domain: 'com.microsoft',
    attributes: { num_heads: heads },
  });
  return graph.node('Reshape', [mixed, graph.int64([-1, hiddenSize])]);
}

/** What is done with each row by itself, for some values `[rows, …]`. */
type RowWise = (
  values: readonly Value[],
  build: (values: readonly Value[]) => readonly Value[],
) => readonly Value[];

/** Goes through rows part by part: what lies between two attentions then stays in the processor's cache. */
function inParts(graph: GraphBuilder, rows: number, parts: number): RowWise {
  if (parts === 1) return (values, build) => build(values);
  const cut = graph.int64([parts, rows / parts, -1]);
  const joined = graph.int64([rows, -1]);
  const shaped = (shape: Value) => (value: Value) => graph.node('Reshape', [value, shape]);
  return (values, build) => graph.each(values.map(shaped(cut)), build).map(shaped(joined));
}

/** As few equal parts of rows as have `most` at most, but no tiny ones. */
function partsOf(rows: number, most: number): number {
  for (let parts = Math.ceil(rows / most); parts <= (2 * rows) / most; parts++) {
    if (rows % parts === 0) return parts;
  }
  return 1;
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
