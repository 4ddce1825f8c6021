import type { KVCache, Probe, Segments } from '@namm/kv-cache';
import { names, type PassSize, type Piece, pieces } from '../graph/names.js';
import type { AddFeeds } from '../probes/probe-kind.js';
import { probeKind } from '../probes/probe-kinds.js';
import { type RotaryRows, rotaryRows } from '../rotary/rotary-rows.js';
import type { Feed } from '../runtime/runtime.js';
import type { DecoderSpec } from '../spec/decoder-spec.js';
import type { Chunk } from './read-chunks.js';

/** What the graph calls the past of one head. */
interface HeadInputs {
  readonly layer: number;
  readonly head: number;
  readonly headSize: number;
  /** Keys and values of each piece. */
  readonly pieces: readonly { piece: Piece; keys: string; values: string }[];
  /** Where the layer has a sliding window. */
  readonly order: string | null;
}

/** Puts together what a forward pass is fed: the chunk, its positions, and the cache, which is read in place. */
export class ForwardInputs {
  readonly #spec: DecoderSpec;
  /** Made once: fresh strings in each step would cost a hundredth of it. */
  readonly #heads: readonly HeadInputs[];
  readonly #addProbe: AddFeeds | undefined;
  readonly #passes: PassSize;
  #rotary: { readonly key: string; readonly rows: readonly RotaryRows[] } = { key: '', rows: [] };

  /**
   * @param spec the model
   * @param probe what the graph reports
   * @param passes what passes are like
   */
  constructor(spec: DecoderSpec, probe: Probe, passes: PassSize) {
    this.#spec = spec;
    this.#passes = passes;
    this.#heads = spec.layers.flatMap(({ attention }, layer) =>
      Array.from({ length: attention.keyValueHeads }, (_, head) => ({
        layer,
        head,
        headSize: attention.headSize,
        pieces: pieces[passes].map((piece) => ({
          piece,
          keys: names.pastKeys(layer, head, piece),
          values: names.pastValues(layer, head, piece),
        })),
        order: attention.window === null ? null : names.pastOrder(layer, head),
      })),
    );
    this.#addProbe = probeKind(probe).feeds?.(probe, this.#heads);
  }

  /**
   * The inputs of one pass.
   *
   * @param cache of the sequence
   * @param chunk its new tokens
   * @param outputRows the new tokens whose logits are wanted
   * @param sequenceLength positions of the sequence when all chunks of the input are read: RoPE scalings that
   * depend on the length take this one, so that the answer does not depend on the size of the chunks
   */
  of(
    cache: KVCache,
    chunk: Chunk,
    outputRows: Int32Array,
    sequenceLength: number,
  ): Map<string, Feed> {
    const { hiddenSize, rotary, embedding } = this.#spec;
    const { ids, embeddings, count } = chunk;
    const first = cache.nextPosition;
    const order = new Int32Array(count);
    for (let i = 0; i < count; i++) order[i] = first + i;
    const feeds = new Map<string, Feed>([
      [names.embeddings, { data: embeddings, shape: [embeddings.length / hiddenSize, hiddenSize] }],
      [names.outputRows, { data: outputRows, shape: [outputRows.length] }],
      [names.order, { data: order, shape: [count] }],
    ]);
    if (embedding) feeds.set(names.ids, { data: ids, shape: [ids.length] });
    if (this.#spec.learnedPositions) {
      feeds.set(names.positions, { data: this.#firstAxis(chunk) ?? order, shape: [count] });
    }
    for (const [table, { cos, sin }] of this.#rotaryOf(chunk, order, sequenceLength).entries()) {
      const shape = [count, rotary[table]!.size / 2];
      feeds.set(names.cos(table), { data: cos, shape });
      feeds.set(names.sin(table), { data: sin, shape });
    }
    this.#addPast(feeds, cache, count);
    this.#addProbe?.(feeds, cache, count);
    return feeds;
  }

  /** Per rotary table; sequences that are read side by side ask for the same rows one after the other. */
  #rotaryOf(
    { positions, count }: Chunk,
    order: Int32Array,
    sequenceLength: number,
  ): readonly RotaryRows[] {
    const { rotary, positionAxes: axes = 1 } = this.#spec;
    if (positions)
      return rotary.map((spec) => rotaryRows(spec, positions, { sequenceLength, axes }));
    const key = `${order[0]} ${count} ${sequenceLength}`;
    if (this.#rotary.key !== key) {
      const rows = rotary.map((spec) => rotaryRows(spec, order, { sequenceLength }));
      this.#rotary = { key, rows };
    }
    return this.#rotary.rows;
  }

  #firstAxis({ positions }: Chunk): Int32Array | null {
    const { positionAxes: axes = 1 } = this.#spec;
    return positions?.filter((_, i) => i % axes === 0) ?? null;
  }

  #addPast(feeds: Map<string, Feed>, cache: KVCache, count: number): void {
    const slotCounts: bigint[] = [];
    const isSmall = this.#passes === 'small';
    for (const { layer, head, headSize, pieces, order } of this.#heads) {
      const segments = isSmall ? joined(cache, layer, head) : cache.segments(layer, head);
      for (const { piece, keys, values } of pieces) {
        const rows = segments[piece].keys.length / headSize;
        const shape = [rows, headSize];
        feeds.set(keys, { data: segments[piece].keys, shape });
        feeds.set(values, { data: segments[piece].values, shape });
        slotCounts.push(BigInt(rows));
      }
      slotCounts.push(BigInt(count));
      if (order !== null) {
        const data = cache.positions(layer, head);
        feeds.set(order, { data, shape: [data.length] });
      }
    }
    const data = BigInt64Array.from(slotCounts);
    feeds.set(names.slotCounts, { data, shape: [data.length] });
  }
}

/** All rows of a head as its own; those that forks share are copied in front. */
function joined(cache: KVCache, layer: number, head: number): Segments {
  const segments = cache.segments(layer, head);
  if (segments.shared.keys.length === 0) return segments;
  const own = { keys: cache.keys(layer, head), values: cache.values(layer, head) };
  return { shared: segments.shared, own };
}
