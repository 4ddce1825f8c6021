import type { SpectrumProbe } from '@namm/kv-cache';
import type { GraphBuilder, Value } from '@namm/onnx';
import { names } from './names.js';

/** What all heads of a graph with a `spectrum` probe share. */
export interface SpectrumInputs {
  readonly probe: SpectrumProbe;
  /** Rows of attention to give out, counted from the last: int64 `[1]`, negative. */
  readonly rowsFrom: Value;
  /** `[1, frames]` */
  readonly weights: Value;
  /** Whether any frame ends in the pass. */
  readonly hasFrames: Value;
}

/** Declares them. */
export function spectrumInputs(graph: GraphBuilder, probe: SpectrumProbe): SpectrumInputs {
  const rowsFrom = graph.input(names.spectrumRows, 'int64', [1]);
  const weights = graph.input(names.spectrumWeights, 'float32', [1, 'frames']);
  const frames = graph.node('Shape', [weights], { attributes: { start: 1 } });
  return { probe, rowsFrom, weights, hasFrames: graph.node('Greater', [frames, graph.int64([0])]) };
}

/**
 * The spectrum of the attention to each cached token of one KV head; see `SpectrumProbe` in
 * `@namm/kv-cache`. Along the queries it is a convolution whose kernel holds one row per real and
 * imaginary part. Passes in which no frame ends, such as most decoded tokens, only give out their rows.
 *
 * @param probabilities `[group, new, slots]`
 */
export function spectrumOutput(
  graph: GraphBuilder,
  { probe, rowsFrom, weights, hasFrames }: SpectrumInputs,
  at: { readonly layer: number; readonly head: number },
  probabilities: Value,
): void {
  const { layer, head } = at;
  const bins = probe.kernel.length / (2 * probe.window);
  const slots = `slots.${layer}.${head}`;
  const attributes = { keepdims: 0 };
  const overGroup = (attention: Value) =>
    graph.node('ReduceMean', [attention, graph.int64([0])], { attributes });
  const [end, axis] = [2 ** 53 - 1, 1].map((i) => graph.int64([i]));
  const lastRows = graph.node('Slice', [probabilities, rowsFrom, end!, axis!]);
  const rowShape = ['spectrum.rows', slots] as const;
  graph.output(names.probe(layer, head), overGroup(lastRows), 'float32', rowShape);

  const pending = graph.input(names.pendingRows(layer, head), 'float32', [
    'pending',
    `past.${layer}.${head}`,
  ]);
  const fold = () => {
    const attention = overGroup(probabilities);
    // Tokens of this pass were not there when the pending rows were computed.
    const sizeOf = (value: Value) => graph.node('Shape', [value], { attributes: { start: 1 } });
    const born = graph.node('Sub', [sizeOf(attention), sizeOf(pending)]);
    const pads = graph.node('Concat', [graph.int64([0, 0, 0]), born], { attributes: { axis: 0 } });
    const before = graph.node('Pad', [pending, pads]);
    const signal = graph.node('Concat', [before, attention], { attributes: { axis: 0 } });
    const image = graph.node('Unsqueeze', [signal, graph.int64([0, 1])]);
    const kernel = graph.float32(probe.kernel, [2 * bins, 1, probe.window, 1]);
    const parts = graph.node('Conv', [image, kernel], {
      attributes: { strides: [probe.hop, 1], kernel_shape: [probe.window, 1] },
    });
    const complex = graph.node('Reshape', [parts, graph.int64([2, bins, 0, -1])]);
    const magnitudes = graph.node('ReduceL2', [complex, graph.int64([0])], { attributes });
    const folded = graph.node('MatMul', [weights, magnitudes]); // [bins, 1, slots]
    return graph.node('Squeeze', [folded, graph.int64([1])]);
  };
  const spectrum = graph.choose(hasFrames, fold, () => graph.float32([], [bins, 0]));
  graph.output(names.spectrum(layer, head), spectrum, 'float32', [bins, `${slots}.folded`]);
}
