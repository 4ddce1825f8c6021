import { type KVCache, type Probe, type SpectrumProbe, spectrumSizes } from '@namm/kv-cache';
import type { DecoderSpec } from './decoder-spec.js';
import { names, pieces } from './graph/names.js';
import type { Feed } from './ort-session.js';
import { rotaryRows } from './rotary/rotary-rows.js';

/** Some consecutive tokens of one sequence, as ids or as rows; the other of the two is empty. */
export interface Chunk {
  readonly ids: Int32Array;
  readonly embeddings: Float32Array;
  readonly count: number;
}

/**
 * What one forward pass is fed: the chunk, its positions, and the cache, which is read in place.
 *
 * @param sequenceLength tokens of the sequence when all chunks of the input are read: RoPE scalings that
 * depend on the length take this one, so that the answer does not depend on the size of the chunks
 * @param probe what the graph reports
 */
export function forwardInputs(
  spec: DecoderSpec,
  cache: KVCache,
  chunk: Chunk,
  outputRows: Int32Array,
  sequenceLength: number,
  probe: Probe,
): Map<string, Feed> {
  const { ids, embeddings, count } = chunk;
  const positions = Int32Array.from({ length: count }, (_, i) => cache.seen + i);
  const rowCount = embeddings.length / spec.hiddenSize;
  const feeds = new Map<string, Feed>([
    [names.ids, { data: ids, shape: [ids.length] }],
    [names.embeddings, { data: embeddings, shape: [rowCount, spec.hiddenSize] }],
    [names.outputRows, { data: outputRows, shape: [outputRows.length] }],
    [names.positions, { data: positions, shape: [count] }],
  ]);
  for (const [table, rotary] of spec.rotary.entries()) {
    const { cos, sin } = rotaryRows(rotary, positions, sequenceLength);
    const shape = [count, rotary.size / 2];
    feeds.set(names.cos(table), { data: cos, shape });
    feeds.set(names.sin(table), { data: sin, shape });
  }
  const slotCounts: bigint[] = [];
  for (const [layer, { attention }] of spec.layers.entries()) {
    const { headSize } = attention;
    for (let head = 0; head < attention.keyValueHeads; head++) {
      const segments = cache.segments(layer, head);
      for (const piece of pieces) {
        const { keys, values } = segments[piece];
        const rows = keys.length / headSize;
        const shape = [rows, headSize];
        feeds.set(names.pastKeys(layer, head, piece), { data: keys, shape });
        feeds.set(names.pastValues(layer, head, piece), { data: values, shape });
        slotCounts.push(BigInt(rows));
      }
      slotCounts.push(BigInt(count));
      if (attention.window !== null) {
        const data = cache.positions(layer, head);
        feeds.set(names.pastPositions(layer, head), { data, shape: [data.length] });
      }
    }
  }
  const data = BigInt64Array.from(slotCounts);
  feeds.set(names.slotCounts, { data, shape: [data.length] });
  if (probe.kind === 'spectrum') feedSpectrum(feeds, spec, cache, count, probe);
  return feeds;
}

/** The inputs of a `spectrum` probe; for a cache whose policy does not ask for it, nothing is computed. */
function feedSpectrum(
  feeds: Map<string, Feed>,
  spec: DecoderSpec,
  cache: KVCache,
  count: number,
  probe: SpectrumProbe,
): void {
  const { frames, pending, rows } = spectrumSizes(probe, cache.seen, count);
  const isWanted = cache.policy.probe.kind === 'spectrum';
  const counted = isWanted ? frames : 0;
  const perFrame = probe.decay ** probe.hop;
  const weights = Float32Array.from(
    { length: counted },
    (_, frame) => (1 - perFrame) * perFrame ** (frames - 1 - frame),
  );
  feeds.set(names.spectrumWeights, { data: weights, shape: [1, counted] });
  feeds.set(names.spectrumRows, { data: BigInt64Array.of(BigInt(-rows)), shape: [1] });
  for (const [layer, { attention }] of spec.layers.entries()) {
    for (let head = 0; head < attention.keyValueHeads; head++) {
      // Read only where a frame ends.
      const data = counted > 0 ? cache.pendingRows(layer, head) : new Float32Array(0);
      const shape = [counted > 0 ? pending : 0, cache.length(layer, head)];
      feeds.set(names.pendingRows(layer, head), { data, shape });
    }
  }
}
