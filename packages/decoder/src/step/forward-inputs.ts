import type { KVCache, Probe } from '@namm/kv-cache';
import { names, type Piece, pieces } from '../graph/names.js';
import { type RotaryRows, rotaryRows } from '../rotary/rotary-rows.js';
import type { Feed } from '../runtime/ort-session.js';
import type { DecoderSpec } from '../spec/decoder-spec.js';

/** Some consecutive tokens of one sequence, as ids or as rows; the other of the two is empty. */
export interface Chunk {
  readonly ids: Int32Array;
  readonly embeddings: Float32Array;
  readonly count: number;
}

/** What the graph calls the past of one head. */
interface HeadInputs {
  readonly layer: number;
  readonly head: number;
  readonly headSize: number;
  /** Keys and values of each piece. */
  readonly pieces: readonly { piece: Piece; keys: string; values: string }[];
  /** Where the layer has a sliding window. */
  readonly positions: string | null;
  /** Rows of attention that a `spectrum` probe goes on with. */
  readonly pendingRows: string;
}

/** Puts together what a forward pass is fed: the chunk, its positions, and the cache, which is read in place. */
export class ForwardInputs {
  readonly #spec: DecoderSpec;
  readonly #probe: Probe;
  /** Made once: fresh strings in each step would cost a hundredth of it. */
  readonly #heads: readonly HeadInputs[];
  #rotary: { readonly key: string; readonly rows: readonly RotaryRows[] } = { key: '', rows: [] };

  /** @param probe what the graph reports */
  constructor(spec: DecoderSpec, probe: Probe) {
    this.#spec = spec;
    this.#probe = probe;
    this.#heads = spec.layers.flatMap(({ attention }, layer) =>
      Array.from({ length: attention.keyValueHeads }, (_, head) => ({
        layer,
        head,
        headSize: attention.headSize,
        pieces: pieces.map((piece) => ({
          piece,
          keys: names.pastKeys(layer, head, piece),
          values: names.pastValues(layer, head, piece),
        })),
        positions: attention.window === null ? null : names.pastPositions(layer, head),
        pendingRows: names.pendingRows(layer, head),
      })),
    );
  }

  /**
   * The inputs of one pass.
   *
   * @param outputRows the new tokens whose logits are wanted
   * @param sequenceLength tokens of the sequence when all chunks of the input are read: RoPE scalings that
   * depend on the length take this one, so that the answer does not depend on the size of the chunks
   */
  of(
    cache: KVCache,
    chunk: Chunk,
    outputRows: Int32Array,
    sequenceLength: number,
  ): Map<string, Feed> {
    const { hiddenSize, rotary } = this.#spec;
    const { ids, embeddings, count } = chunk;
    const positions = Int32Array.from({ length: count }, (_, i) => cache.nextPosition + i);
    const feeds = new Map<string, Feed>([
      [names.ids, { data: ids, shape: [ids.length] }],
      [names.embeddings, { data: embeddings, shape: [embeddings.length / hiddenSize, hiddenSize] }],
      [names.outputRows, { data: outputRows, shape: [outputRows.length] }],
      [names.positions, { data: positions, shape: [count] }],
    ]);
    for (const [table, { cos, sin }] of this.#rotaryOf(positions, sequenceLength).entries()) {
      const shape = [count, rotary[table]!.size / 2];
      feeds.set(names.cos(table), { data: cos, shape });
      feeds.set(names.sin(table), { data: sin, shape });
    }
    this.#addPast(feeds, cache, count);
    if (this.#probe.kind === 'spectrum') this.#addSpectrum(feeds, cache, count);
    return feeds;
  }

  /** Per rotary table; sequences that are read side by side ask for the same rows one after the other. */
  #rotaryOf(positions: Int32Array, sequenceLength: number): readonly RotaryRows[] {
    const key = `${positions[0]} ${positions.length} ${sequenceLength}`; // positions are consecutive
    if (this.#rotary.key !== key) {
      const rows = this.#spec.rotary.map((spec) => rotaryRows(spec, positions, sequenceLength));
      this.#rotary = { key, rows };
    }
    return this.#rotary.rows;
  }

  #addPast(feeds: Map<string, Feed>, cache: KVCache, count: number): void {
    const slotCounts: bigint[] = [];
    for (const { layer, head, headSize, pieces, positions } of this.#heads) {
      const segments = cache.segments(layer, head);
      for (const { piece, keys, values } of pieces) {
        const rows = segments[piece].keys.length / headSize;
        const shape = [rows, headSize];
        feeds.set(keys, { data: segments[piece].keys, shape });
        feeds.set(values, { data: segments[piece].values, shape });
        slotCounts.push(BigInt(rows));
      }
      slotCounts.push(BigInt(count));
      if (positions !== null) {
        const data = cache.positions(layer, head);
        feeds.set(positions, { data, shape: [data.length] });
      }
    }
    const data = BigInt64Array.from(slotCounts);
    feeds.set(names.slotCounts, { data, shape: [data.length] });
  }

  /** The inputs of a `spectrum` probe; for a cache whose policy does not ask for it, nothing is computed. */
  #addSpectrum(feeds: Map<string, Feed>, cache: KVCache, count: number): void {
    const wanted = cache.spectrumFeeds(count);
    const weights = wanted?.weights ?? new Float32Array(0);
    const rows = BigInt64Array.of(BigInt(-(wanted?.rows ?? 1)));
    feeds.set(names.spectrumWeights, { data: weights, shape: [1, weights.length] });
    feeds.set(names.spectrumRows, { data: rows, shape: [1] });
    const endsFrame = wanted !== null && weights.length > 0;
    for (const { layer, head, pendingRows } of this.#heads) {
      const data = endsFrame ? wanted.pendingRows(layer, head) : new Float32Array(0);
      const shape = [endsFrame ? wanted.pending : 0, cache.length(layer, head)];
      feeds.set(pendingRows, { data, shape });
    }
  }
}
