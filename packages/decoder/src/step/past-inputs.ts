import type { KeysAndValues, KVCache, LayerRows, Probe, Segments } from '@namm/kv-cache';
import { names, type Piece, type RowPart, rowParts } from '../graph/names.js';
import type { AddFeeds } from '../probes/probe-kind.js';
import { probeKind } from '../probes/probe-kinds.js';
import type { Feed } from '../runtime/runtime.js';
import type { AttentionSpec } from '../spec/decoder-spec.js';
import { joinNumbers } from './join-numbers.js';
import { orderOf } from './token-inputs.js';

/** What a graph calls the past of one head. */
interface HeadInputs {
  readonly layer: number;
  readonly inGraph: number;
  readonly head: number;
  readonly headSize: number;
  readonly rows: Readonly<Record<RowPart, Readonly<Record<Piece, string>>>>;
  readonly scales: Readonly<Record<RowPart, Readonly<Record<Piece, string>>>>;
  /** Where the layer has a sliding window. */
  readonly order: string | null;
}

/** A sequence that is given new tokens. */
export interface Continued {
  readonly cache: KVCache;
  /** New tokens. */
  readonly count: number;
  /** What is read behind the cached rows, of a cache without forks in float32. */
  readonly before?: EarlierRows;
}

/** Rows of the same pass that are not cached yet. */
interface EarlierRows {
  /** Of one layer. */
  readonly rows: LayerRows;
  /** How many are read. */
  readonly count: number;
  /** How many each head has. */
  readonly total: number;
}

/** A layer of a model that a graph computes the attention of. */
export interface AttentionLayer {
  readonly layer: number;
  readonly spec: AttentionSpec;
}

/**
 * Puts together what attention is fed besides rows: caches, which are read in place. A graph computes it for some layers
 * of one sequence, or for one layer of some sequences.
 */
export class PastInputs {
  /** Made once: fresh strings in each step would cost a hundredth of it. */
  readonly #heads: readonly HeadInputs[];
  readonly #addProbe: AddFeeds | undefined;

  /**
   * @param layers in the graph, which calls them 0, 1 …; with several sequences one for each
   * @param probe what the graph reports
   */
  constructor(layers: readonly AttentionLayer[], probe: Probe) {
    const heads = layers.flatMap(({ layer, spec }, inGraph) =>
      Array.from({ length: spec.keyValueHeads }, (_, head) => ({ layer, inGraph, head, spec })),
    );
    this.#heads = heads.map(({ layer, inGraph, head, spec }) => ({
      ...{ layer, inGraph, head, headSize: spec.headSize },
      rows: perPiece((piece, part) => names.past(inGraph, head, piece, part)),
      scales: perPiece((piece, part) => names.pastScales(inGraph, head, piece, part)),
      order: spec.window === null ? null : names.pastOrder(inGraph, head),
    }));
    this.#addProbe = probeKind(probe).feeds?.(probe, heads);
  }

  /**
   * @param feeds gets them
   * @param sequences one, or one for each layer in the graph
   * @param used which pieces the graph knows; where it is one, what is shared is copied
   */
  add(feeds: Map<string, Feed>, sequences: readonly Continued[], used: readonly Piece[]): void {
    const slotCounts = new BigInt64Array(this.#heads.length * (used.length + 1));
    let slot = 0;
    for (const { layer, inGraph, head, headSize, rows, scales, order } of this.#heads) {
      const { cache, count, before } = sequences.length === 1 ? sequences[0]! : sequences[inGraph]!;
      const cached = cache.segments(layer, head);
      const segments = before
        ? { shared: cached.own, own: earlier(before, head, headSize) }
        : cached;
      for (const piece of used) {
        const isWhole = used.length > 1 || !isShared(segments);
        const stored = isWhole ? segments[piece] : cache.stored(layer, head);
        const length = stored.keys.numbers.length / headSize;
        const shape = [length, headSize];
        for (const part of rowParts) {
          const { numbers: data, scales: own } = stored[part];
          feeds.set(rows[part][piece], { data, shape });
          if (data instanceof Int8Array) {
            feeds.set(scales[part][piece], { data: own, shape: [length] });
          }
        }
        slotCounts[slot++] = BigInt(length);
      }
      slotCounts[slot++] = BigInt(count);
      if (order !== null) {
        const data = cache.positions(layer, head);
        feeds.set(order, { data, shape: [data.length] });
      }
    }
    feeds.set(names.slotCounts, { data: slotCounts, shape: [slotCounts.length] });
    const orders = sequences.map(({ cache, count, before }) =>
      orderOf(cache.nextPosition + (before?.count ?? 0), count),
    );
    const order = joinNumbers(orders);
    feeds.set(names.order, { data: order, shape: [order.length] });
    if (this.#addProbe)
      for (const { cache, count } of sequences) this.#addProbe(feeds, cache, count);
  }
}

/** Whether forks read rows of a head, too. */
export function isShared({ shared }: Segments): boolean {
  return shared.keys.numbers.length > 0;
}

function earlier({ rows, count, total }: EarlierRows, head: number, size: number): KeysAndValues {
  const from = head * total * size;
  const scales = new Float32Array(0);
  const of = (part: RowPart) => ({
    numbers: rows[part].subarray(from, from + count * size),
    scales,
  });
  return { keys: of('keys'), values: of('values') };
}

/** A name for each piece of keys and of values. */
function perPiece(nameOf: (piece: Piece, part: RowPart) => string): HeadInputs['rows'] {
  const of = (part: RowPart) => ({ shared: nameOf('shared', part), own: nameOf('own', part) });
  return { keys: of('keys'), values: of('values') };
}
