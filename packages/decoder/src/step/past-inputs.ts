import type { KeysAndValues, KVCache, Probe, Segments } from '@namm/kv-cache';
import { names, type Piece } from '../graph/names.js';
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
  readonly keys: Readonly<Record<Piece, string>>;
  readonly values: Readonly<Record<Piece, string>>;
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
      keys: perPiece((piece) => names.pastKeys(inGraph, head, piece)),
      values: perPiece((piece) => names.pastValues(inGraph, head, piece)),
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
    const used = piecesOf(segments.some(({ shared }) => shared.keys.length > 0));
    const slotCounts: bigint[] = [];
    for (const [i, { layer, head, headSize, keys, values, order }] of this.#heads.entries()) {
      for (const piece of used) {
        const rows =
          used.length === 1 ? joined(segments[i]!, cache, layer, head) : segments[i]![piece];
        const length = rows.keys.length / headSize;
        const shape = [length, headSize];
        feeds.set(keys[piece], { data: rows.keys, shape });
        feeds.set(values[piece], { data: rows.values, shape });
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

/** All rows of a head in one piece; those that forks share are copied in front. */
function joined(
  { shared, own }: Segments,
  cache: KVCache,
  layer: number,
  head: number,
): KeysAndValues {
  if (shared.keys.length === 0) return own;
  return { keys: cache.keys(layer, head), values: cache.values(layer, head) };
}

/** A name for each piece. */
function perPiece(nameOf: (piece: Piece) => string): Readonly<Record<Piece, string>> {
  return { shared: nameOf('shared'), own: nameOf('own') };
}
