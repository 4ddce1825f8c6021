import { float16ToFloat32 } from '@namm/core/portable';
import { heldCounts } from '../../retention/held-counts.js';
import type { RetentionPageData } from '../../retention/retention-page-data.js';
import { unpack } from '../page.js';

/** A score, and the update by which it stood. */
export interface Score {
  readonly value: number;
  readonly update: number;
}

/** What of a page's data is the record. */
type PackedRetention = Pick<RetentionPageData, 'headsPerLayer' | 'seen' | 'evictedAt' | 'scores'>;

/** The record on the page's side: who held what when. Heads are numbered through all layers. */
export class Retention {
  readonly tokens: number;
  readonly updates: number;
  /** Layer and number within it, per head. */
  readonly heads: readonly { readonly layer: number; readonly head: number }[];
  readonly seen: readonly number[];
  readonly #evictedAt: Uint16Array | Uint32Array;
  readonly #counts: Uint32Array;
  readonly #scores: readonly { readonly update: number; readonly values: Float32Array }[];

  private constructor(
    data: PackedRetention,
    evictedAt: Uint16Array | Uint32Array,
    scores: readonly { readonly update: number; readonly values: Float32Array }[],
  ) {
    this.seen = data.seen;
    this.updates = data.seen.length;
    this.tokens = data.seen.at(-1)!;
    this.heads = data.headsPerLayer.flatMap((count, layer) =>
      Array.from({ length: count }, (_, head) => ({ layer, head })),
    );
    this.#evictedAt = evictedAt;
    this.#counts = heldCounts(evictedAt, data.seen, this.heads.length);
    this.#scores = scores;
  }

  static async unpack(data: PackedRetention): Promise<Retention> {
    const buffer = await unpack(data.evictedAt.packed);
    const evictedAt =
      data.evictedAt.bits === 16 ? new Uint16Array(buffer) : new Uint32Array(buffer);
    const scores = await Promise.all(
      data.scores.map(async ({ update, packed }) => ({
        update,
        values: float16ToFloat32(new Uint16Array(await unpack(packed))),
      })),
    );
    return new Retention(data, evictedAt, scores);
  }

  get hasScores(): boolean {
    return this.#scores.length > 0;
  }

  holds(head: number, token: number, update: number): boolean {
    return token < this.seen[update]! && this.evictedAt(head, token) > update;
  }

  /** The first update after which the head no longer holds the token; `updates` when there is none. */
  evictedAt(head: number, token: number): number {
    return this.#evictedAt[head * this.tokens + token]!;
  }

  /** Tokens that each head holds, `[heads]`. */
  counts(update: number): Uint32Array {
    return this.#counts.subarray(update * this.heads.length, (update + 1) * this.heads.length);
  }

  /** Heads that hold each of the tokens seen, `[seen]`. */
  holders(update: number): Uint32Array {
    const holders = new Uint32Array(this.seen[update]!);
    for (let head = 0; head < this.heads.length; head++) {
      const start = head * this.tokens;
      for (let token = 0; token < holders.length; token++) {
        if (this.#evictedAt[start + token]! > update) holders[token]!++;
      }
    }
    return holders;
  }

  /** The score that a token had by an update, or where none was kept of that time, soon after it. */
  score(head: number, token: number, update: number): Score | null {
    const before = this.#scores.findLast((scores) => scores.update <= update);
    const scores = before ?? this.#scores[0];
    if (scores === undefined) return null;
    const seen = this.seen[scores.update]!;
    const value = token < seen ? scores.values[head * seen + token]! : Number.NaN;
    return Number.isNaN(value) ? null : { value, update: scores.update };
  }
}
