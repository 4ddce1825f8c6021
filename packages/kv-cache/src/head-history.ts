import type { FloatArray } from '@namm/core';
import { toFloat16 } from '@namm/core';

const notEvicted = 2 ** 32 - 1;

/** What a recorder remembers of one head: what it holds, when the rest was evicted, and the last scores. */
export class HeadHistory {
  /** Tokens that took part so far, evicted ones included. */
  #seen = 0;
  /** Tokens held after the last update, ascending; only the first `#count` are valid. */
  #held = new Uint32Array(0);
  #count = 0;
  /** Per token. */
  #evictedAt = new Uint32Array(0);
  /** Per token, NaN without; only as long as the newest token that was scored. */
  #scores = new Float32Array(0); // halves would take most of a recorder's time to make

  /** @param scores of the first rows; the rows behind them have none */
  takeScores(tokens: Int32Array, scores: FloatArray): void {
    if (scores.length === 0) return;
    this.#scores = grown(this.#scores, tokens[scores.length - 1]! + 1, Number.NaN);
    for (let i = 0; i < scores.length; i++) this.#scores[tokens[i]!] = scores[i]!;
  }

  /**
   * Compares with what was held before.
   *
   * @param seen tokens of the sequence by now
   * @param tokens those that the head holds by now, ascending
   * @param update number of the update that led there
   */
  advance(seen: number, tokens: Int32Array, update: number): void {
    const candidates = this.#count + seen - this.#seen;
    this.#held = grown(this.#held, candidates, 0);
    this.#evictedAt = grown(this.#evictedAt, seen, notEvicted);
    for (let token = this.#seen; token < seen; token++) {
      this.#held[this.#count + token - this.#seen] = token;
    }
    this.#seen = seen;
    this.#count = tokens.length;
    if (candidates === tokens.length) return; // nothing was evicted
    for (let i = 0, kept = 0; i < candidates; i++) {
      const token = this.#held[i]!;
      if (tokens[kept] === token) this.#held[kept++] = token;
      else this.#evictedAt[token] = update;
    }
  }

  /** @param target `[seen]` @param updates what to write for tokens that are still held */
  writeEvictedAt(target: Uint32Array, updates: number): void {
    for (let token = 0; token < target.length; token++) {
      target[token] = Math.min(this.#evictedAt[token]!, updates);
    }
  }

  /** @param target half-precision bit patterns, `[seen]` */
  writeScores(target: Uint16Array): void {
    for (let token = 0; token < target.length; token++) {
      target[token] = toFloat16(this.#scores[token] ?? Number.NaN);
    }
  }

  fork(): HeadHistory {
    const copy = new HeadHistory();
    copy.#seen = this.#seen;
    copy.#held = this.#held.slice();
    copy.#count = this.#count;
    copy.#evictedAt = this.#evictedAt.slice();
    copy.#scores = this.#scores.slice();
    return copy;
  }
}

/** The array itself when it is long enough, else a longer one with some room, filled up with `rest`. */
function grown<Numbers extends Float32Array | Uint32Array>(
  array: Numbers,
  length: number,
  rest: number,
): Numbers {
  if (array.length >= length) return array;
  const Type = array.constructor as new (length: number) => Numbers;
  const longer = new Type(length + (length >>> 2));
  longer.set(array);
  longer.fill(rest, array.length);
  return longer;
}
