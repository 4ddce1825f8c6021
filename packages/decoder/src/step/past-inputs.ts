import type { KVCache, Probe } from '@namm/kv-cache';
import { names, type Piece, type RowPart, rowParts } from '../graph/names.js';
import type { AddFeeds } from '../probes/probe-kind.js';
import { probeKind } from '../probes/probe-kinds.js';
import type { Feed } from '../runtime/runtime.js';
import type { AttentionSpec } from '../spec/decoder-spec.js';
import { orderOf } from './token-inputs.js';

/** What a graph calls the past of one head. */
interface HeadInputs {
  readonly layer: number;
  readonly head: number;
  readonly headSize: number;
  readonly rows: Readonly<Record<RowPart, Readonly<Record<Piece, string>>>>;
  readonly scales: Readonly<Record<RowPart, Readonly<Record<Piece, string>>>>;
  /** Where the layer has a sliding window. */
  readonly order: string | null;
}

/** A layer of a model that a graph computes the attention of. */
export interface AttentionLayer {
  readonly layer: number;
  readonly spec: AttentionSpec;
}

/** Puts together what the attention of some layers is fed besides rows: the cache, which is read in place. */
export class PastInputs {
  /** Made once: fresh strings in each step would cost a hundredth of it. */
  readonly #heads: readonly HeadInputs[];
  readonly #addProbe: AddFeeds | undefined;

  /**
   * @param layers in the graph, which calls them 0, 1 …
   * @param probe what the graph reports
   */
  constructor(layers: readonly AttentionLayer[], probe: Probe) {
    const heads = layers.flatMap(({ layer, spec }, inGraph) =>
      Array.from({ length: spec.keyValueHeads }, (_, head) => ({ layer, inGraph, head, spec })),
    );
    this.#heads = heads.map(({ layer, inGraph, head, spec }) => ({
      ...{ layer, head, headSize: spec.headSize },
      rows: perPiece((piece, part) => names.past(inGraph, head, piece, part)),
      scales: perPiece((piece, part) => names.pastScales(inGraph, head, piece, part)),
      order: spec.window === null ? null : names.pastOrder(inGraph, head),
    }));
    this.#addProbe = probeKind(probe).feeds?.(probe, heads);
  }

  /**
   * @param feeds gets them
   * @param cache of the sequence
   * @param count new tokens
   * @param piecesOf which pieces the graph knows, by whether some head shares rows with forks; where it is one, what is
   *   shared is copied
   */
  add(
    feeds: Map<string, Feed>,
    cache: KVCache,
    count: number,
    piecesOf: (isShared: boolean) => readonly Piece[],
  ): void {
    const segments = this.#heads.map(({ layer, head }) => cache.segments(layer, head));
    const used = piecesOf(segments.some(({ shared }) => shared.keys.numbers.length > 0));
    const slotCounts: bigint[] = [];
    for (const [i, { layer, head, headSize, rows, scales, order }] of this.#heads.entries()) {
      for (const piece of used) {
        const stored = used.length === 1 ? cache.stored(layer, head) : segments[i]![piece];
        const length = stored.keys.numbers.length / headSize;
        const shape = [length, headSize];
        for (const part of rowParts) {
          const { numbers: data, scales: own } = stored[part];
          feeds.set(rows[part][piece], { data, shape });
          if (data instanceof Int8Array) {
            feeds.set(scales[part][piece], { data: own, shape: [length] });
          }
        }
        slotCounts.push(BigInt(length));
      }
      slotCounts.push(BigInt(count));
      if (order !== null) {
        const data = cache.positions(layer, head);
        feeds.set(order, { data, shape: [data.length] });
      }
    }
    const data = BigInt64Array.from(slotCounts);
    feeds.set(names.slotCounts, { data, shape: [data.length] });
    feeds.set(names.order, { data: orderOf(cache.nextPosition, count), shape: [count] });
    this.#addProbe?.(feeds, cache, count);
  }
}

/** A name for each piece of keys and of values. */
function perPiece(nameOf: (piece: Piece, part: RowPart) => string): HeadInputs['rows'] {
  const of = (part: RowPart) => ({ shared: nameOf('shared', part), own: nameOf('own', part) });
  return { keys: of('keys'), values: of('values') };
}
