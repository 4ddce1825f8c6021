import { isDeepStrictEqual } from 'node:util';
import { checkInteger, InvalidArgumentError } from '@namm/core';
import type { KVCache, SpectrumFeeds, SpectrumProbe } from '@namm/kv-cache';
import type { GraphBuilder, Value } from '@namm/onnx';
import { names } from '../graph/names.js';
import { headOutputs } from './head-outputs.js';
import type { AddFeeds, HeadAttention, HeadPlace, ProbeKind } from './probe-kind.js';

/** Inputs and outputs of its own; its rows of attention are `names.probe` of the kind. */
const own = {
  /** Rows of attention to give out: an int64 count, negative. */
  rows: 'spectrum.rows',
  /** Weights of the frames that end in the pass, `[frames]`. */
  weights: 'spectrum.weights',
  spectrum: (layer: number, head: number) => `spectrum.${layer}.${head}`,
  pendingRows: (layer: number, head: number) => `pending.${layer}.${head}`,
} as const;

/** How much of each frequency the attention to each cached token has; see `SpectrumProbe`. */
export const spectrum: ProbeKind<SpectrumProbe> = {
  check({ kernel, window, hop }) {
    checkInteger('probe.hop', hop, 1);
    checkInteger('probe.window', window, 1);
    const fail = (part: string, problem: string): never => {
      throw new InvalidArgumentError(`probe.${part}`, problem);
    };
    if (window % hop !== 0) fail('window', `${window} is not a multiple of the hop, ${hop}`);
    const bins = kernel?.length / (2 * window);
    if (!Number.isInteger(bins) || bins < 1 || !kernel.every(Number.isFinite)) {
      fail('kernel', `is not [2 · bins, ${window}] finite numbers`);
    }
  },
  serves: isDeepStrictEqual,
  build(graph, probe, order) {
    const shared = sharedInputs(graph, probe, order);
    return (head) => report(graph, shared, head);
  },
  feeds,
  read: (layer) => [
    {
      kind: 'spectrum',
      queries: layer.count,
      spectra: headOutputs(layer, own.spectrum),
      heads: headOutputs(layer, 'spectrum'),
    },
  ],
  observe: {
    takes(cache, count, group) {
      if (group > 1) return false;
      const wanted = cache.spectrumFeeds(count);
      if (wanted === null) return false;
      return wanted.weights.length === 0 || longestHead(cache) <= mostRowsFolded;
    },
    read(attention, { cache, count, layer }, wanted) {
      const feeds = cache.spectrumFeeds(count)!;
      const first = Math.max(0, count - feeds.rows);
      return {
        kind: 'spectrum',
        queries: count,
        spectra: attention.map((rows, head) =>
          feeds.weights.length === 0
            ? new Float32Array(0)
            : fold(wanted, feeds, { pending: feeds.pendingRows(layer, head), rows, count }),
        ),
        heads: attention.map((head) => head.slice((head.length / count) * first)),
      };
    },
  },
};

/** Cached rows of a head up to which folding a frame here costs less than the call of a graph. */
const mostRowsFolded = 96;

function longestHead(cache: KVCache): number {
  let longest = 0;
  for (const [layer, { keyValueHeads }] of cache.shape.layers.entries()) {
    for (let head = 0; head < keyValueHeads; head++) {
      longest = Math.max(longest, cache.length(layer, head));
    }
  }
  return longest;
}

/** What {@link report} puts into a graph, for one head with one query head: `[bins, slots]`. */
function fold(
  probe: SpectrumProbe,
  { weights, pending: waiting }: SpectrumFeeds,
  { pending, rows, count }: { pending: Float32Array; rows: Float32Array; count: number },
): Float32Array {
  const { kernel, window, hop } = probe;
  const bins = binsOf(probe);
  const slots = rows.length / count;
  const past = slots - count;
  const spectrum = new Float32Array(bins * slots);
  const signal = new Float64Array(window);
  for (const [frame, weight] of weights.entries()) {
    for (let slot = 0; slot < slots; slot++) {
      for (let i = 0; i < window; i++) {
        const row = frame * hop + i;
        if (row >= waiting) signal[i] = rows[(row - waiting) * slots + slot]!;
        else signal[i] = slot < past ? pending[row * past + slot]! : 0;
      }
      for (let bin = 0; bin < bins; bin++) {
        let real = 0;
        let imaginary = 0;
        for (let i = 0, at = bin * window; i < window; i++, at++) {
          real += kernel[at]! * signal[i]!;
          imaginary += kernel[at + bins * window]! * signal[i]!;
        }
        const magnitude = Math.sqrt(real * real + imaginary * imaginary);
        spectrum[bin * slots + slot]! += weight * magnitude;
      }
    }
  }
  return spectrum;
}

/** What all heads of a graph with a `spectrum` probe share. */
interface SharedInputs {
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

function sharedInputs(graph: GraphBuilder, probe: SpectrumProbe, order: Value): SharedInputs {
  const rowsFrom = graph.input(own.rows, 'int64', [1]);
  const weights = graph.input(own.weights, 'float32', [1, 'frames']);
  const frames = graph.node('Shape', [weights], { attributes: { start: 1 } });
  const newCount = graph.node('Shape', [order]);
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
 * The spectrum of the attention to each cached token of one KV head. Along the queries it is a convolution whose
 * kernel holds one row per real and imaginary part. Passes in which no frame ends, such as most decoded tokens,
 * only give out their rows.
 */
function report(graph: GraphBuilder, inputs: SharedInputs, at: HeadAttention): void {
  const { layer, head, group, probabilities } = at;
  const { probe } = inputs;
  const slots = `slots.${layer}.${head}`;
  const bins = binsOf(probe);
  const pending = graph.input(own.pendingRows(layer, head), 'float32', [
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
  const attention = meanOf(probabilities());
  const rows = graph.node('Slice', [attention, inputs.rowsFrom, end!, first!]);
  graph.output(names.probe('spectrum', layer, head), rows, 'float32', ['spectrum.rows', slots]);

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
  graph.output(own.spectrum(layer, head), spectrum, 'float32', [bins, 1, `${slots}.folded`]);
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

/** The policy says what is fed; for a cache whose policy does not ask for the spectrum, nothing is computed. */
function feeds(_: SpectrumProbe, heads: readonly HeadPlace[]): AddFeeds {
  // Made once: fresh strings in each step would cost a hundredth of it.
  const pendingRows = heads.map(({ inGraph, head }) => own.pendingRows(inGraph, head));
  return (feeds, cache, count) => {
    const wanted = cache.spectrumFeeds(count);
    const weights = wanted?.weights ?? new Float32Array(0);
    const rows = BigInt64Array.of(BigInt(-(wanted?.rows ?? 1)));
    feeds.set(own.weights, { data: weights, shape: [1, weights.length] });
    feeds.set(own.rows, { data: rows, shape: [1] });
    const endsFrame = wanted !== null && weights.length > 0;
    for (const [i, { layer, head }] of heads.entries()) {
      const data = endsFrame ? wanted.pendingRows(layer, head) : new Float32Array(0);
      const shape = [endsFrame ? wanted.pending : 0, cache.length(layer, head)];
      feeds.set(pendingRows[i]!, { data, shape });
    }
  };
}
