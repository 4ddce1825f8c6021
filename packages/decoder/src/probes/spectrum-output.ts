import type { SpectrumProbe } from '@namm/kv-cache';
import type { GraphBuilder, Value } from '@namm/onnx';
import { names } from '../graph/names.js';

/** What all heads of a graph with a `spectrum` probe share. */
export interface SpectrumInputs {
  readonly probe: SpectrumProbe;
  /** Rows of attention to give out, counted from the last: int64 `[1]`, negative. */
  readonly rowsFrom: Value;
  /** `[1, frames]` */
  readonly weights: Value;
  /** Whether any frame ends in the pass. */
  readonly hasFrames: Value;
  /** The shape `[new, slots]` of any head's attention, the slots as −1. */
  readonly attentionShape: Value;
  /** The shape `[bins, frames, slots]` of any head's magnitudes, the slots as −1. */
  readonly magnitudeShape: Value;
  /** Zeros after each pending row: tokens of this pass were not there when it was computed. */
  readonly padding: Value;
}

/**
 * Declares them.
 *
 * @param positions of the new tokens, `[new]`
 */
export function spectrumInputs(
  graph: GraphBuilder,
  probe: SpectrumProbe,
  positions: Value,
): SpectrumInputs {
  const rowsFrom = graph.input(names.spectrumRows, 'int64', [1]);
  const weights = graph.input(names.spectrumWeights, 'float32', [1, 'frames']);
  const frames = graph.node('Shape', [weights], { attributes: { start: 1 } });
  const newCount = graph.node('Shape', [positions]);
  const join = (parts: readonly Value[]) =>
    graph.node('Concat', parts, { attributes: { axis: 0 } });
  return {
    probe,
    rowsFrom,
    weights,
    hasFrames: graph.node('Greater', [frames, graph.int64([0])]),
    attentionShape: join([newCount, graph.int64([-1])]),
    magnitudeShape: join([graph.int64([binsOf(probe)]), frames, graph.int64([-1])]),
    padding: join([graph.int64([0, 0, 0]), newCount]),
  };
}

/**
 * The spectrum of the attention to each cached token of one KV head; see `SpectrumProbe` in
 * `@namm/kv-cache`. Along the queries it is a convolution whose kernel holds one row per real and
 * imaginary part. Passes in which no frame ends, such as most decoded tokens, only give out their rows.
 *
 * @param probabilities `[group · new, slots]`
 * @param group query heads that share the KV head
 */
export function spectrumOutput(
  graph: GraphBuilder,
  inputs: SpectrumInputs,
  at: { readonly layer: number; readonly head: number },
  probabilities: Value,
  group: number,
): void {
  const { layer, head } = at;
  const { probe } = inputs;
  const slots = `slots.${layer}.${head}`;
  const bins = binsOf(probe);
  const pending = graph.input(names.pendingRows(layer, head), 'float32', [
    'pending',
    `past.${layer}.${head}`,
  ]);
  const [end, first] = [2 ** 53 - 1, 0].map((i) => graph.int64([i]));
  const meanOf = (attention: Value) =>
    group === 1
      ? attention
      : graph.node('Reshape', [
          weightedSum(graph, attention, new Array<number>(group).fill(1 / group)),
          inputs.attentionShape,
        ]);
  const attention = meanOf(probabilities);
  const rows = graph.node('Slice', [attention, inputs.rowsFrom, end!, first!]);
  graph.output(names.probe(layer, head), rows, 'float32', ['spectrum.rows', slots]);

  const fold = () => {
    const before = graph.node('Pad', [pending, inputs.padding]);
    const signal = graph.node('Concat', [before, attention], { attributes: { axis: 0 } });
    const image = graph.node('Unsqueeze', [signal, graph.int64([0, 1])]);
    const kernel = graph.float32(probe.kernel, [2 * bins, 1, probe.window, 1]);
    const parts = graph.node('Conv', [image, kernel], {
      attributes: { strides: [probe.hop, 1], kernel_shape: [probe.window, 1] },
    });
    const squares = weightedSum(graph, graph.node('Mul', [parts, parts]), [1, 1]);
    const magnitudes = graph.node('Reshape', [
      graph.node('Sqrt', [squares]),
      inputs.magnitudeShape,
    ]);
    return graph.node('MatMul', [inputs.weights, magnitudes]);
  };
  const spectrum = graph.choose(inputs.hasFrames, fold, () => graph.float32([], [bins, 1, 0]));
  graph.output(names.spectrum(layer, head), spectrum, 'float32', [bins, 1, `${slots}.folded`]);
}

/**
 * The sum of equal parts of some values, each times its weight, `[1, part]`: as a product with a row of weights
 * it takes a third of the time that the operators for sums and means over the first axis take.
 */
function weightedSum(graph: GraphBuilder, values: Value, weights: readonly number[]): Value {
  const parts = graph.node('Reshape', [values, graph.int64([weights.length, -1])]);
  return graph.node('MatMul', [graph.float32(weights, [1, weights.length]), parts]);
}

function binsOf({ kernel, window }: SpectrumProbe): number {
  return kernel.length / (2 * window);
}
