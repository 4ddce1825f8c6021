import { byteTokens } from './byte-tokens.js';

/** What `tokenizer.json` says of a BPE model, as far as pieces are cut by it. */
interface BytePairModel {
  readonly vocab: Readonly<Record<string, number>>;
  readonly merges: readonly (string | readonly [string, string])[];
  readonly unk_token?: string | null;
  readonly fuse_unk?: boolean;
  readonly byte_fallback?: boolean;
  readonly ignore_merges?: boolean;
  readonly continuing_subword_prefix?: string | null;
  readonly end_of_word_suffix?: string | null;
}

/** Pieces longer than this, in characters, are not remembered, nor more of them than this many. */
const longestKept = 256;
const mostKept = 10_000;

/**
 * Cuts pieces of text into tokens by byte-pair encoding (Sennrich et al. 2016), in the order of the reference: what
 * has no token is replaced or left out *before* pairs are merged, so that its neighbours may merge, and prefixes and
 * suffixes belong to the characters that are merged. The library does the former last and knows no prefix.
 */
export class BytePairs {
  readonly #model: BytePairModel;
  /** Index of a token, by which pairs are looked up. */
  readonly #indexOf: ReadonlyMap<string, number>;
  readonly #tokens: readonly string[];
  /** For a pair `left × tokens + right`: its rank, and the index of what it merges to. */
  readonly #merges = new Map<number, { readonly rank: number; readonly merged: number }>();
  readonly #known = new Map<string, readonly string[]>();

  constructor(model: BytePairModel) {
    this.#model = model;
    this.#tokens = Object.keys(model.vocab);
    this.#indexOf = new Map(this.#tokens.map((token, index) => [token, index]));
    const prefix = model.continuing_subword_prefix ?? '';
    for (const [rank, merge] of model.merges.entries()) {
      const [left, right] =
        typeof merge === 'string' ? (merge.split(' ') as [string, string]) : merge;
      this.#merges.set(this.#pair(this.#indexOf.get(left)!, this.#indexOf.get(right)!), {
        rank,
        merged: this.#indexOf.get(left + right.slice(prefix.length))!,
      });
    }
  }

  /** The tokens of a piece; the model's unknown token where there is none, which need not be in the vocabulary. */
  encode(piece: string): readonly string[] {
    if (this.#model.ignore_merges && this.#indexOf.has(piece)) return [piece];
    const known = this.#known.get(piece);
    if (known) return known;
    const symbols = this.#symbols(piece);
    const tokens = this.#merge(symbols).map(
      (index) => this.#tokens[index] ?? this.#model.unk_token!,
    );
    if (piece.length < longestKept) {
      if (this.#known.size === mostKept) this.#known.clear();
      this.#known.set(piece, tokens);
    }
    return tokens;
  }

  #pair(left: number, right: number): number {
    return left * this.#tokens.length + right;
  }

  /** Indices of the tokens of single characters; −1 for an unknown token that has no id. */
  #symbols(piece: string): number[] {
    const { continuing_subword_prefix, end_of_word_suffix, unk_token, fuse_unk } = this.#model;
    const characters = Array.from(piece);
    const symbols: number[] = [];
    // The reference holds an unknown token back until something known follows, not counting spelled bytes.
    let unknown = 0;
    const tellUnknown = () => {
      for (; unknown > 0; unknown--) symbols.push(this.#indexOf.get(unk_token!) ?? -1);
    };
    for (const [i, character] of characters.entries()) {
      const prefix = i > 0 ? (continuing_subword_prefix ?? '') : '';
      const suffix = i === characters.length - 1 ? (end_of_word_suffix ?? '') : '';
      const text = prefix + character + suffix;
      const index = this.#indexOf.get(text);
      const bytes = index === undefined && this.#bytes(text);
      if (index !== undefined) {
        tellUnknown();
        symbols.push(index);
      } else if (bytes) {
        symbols.push(...bytes);
      } else if (typeof unk_token === 'string') {
        if (!fuse_unk) tellUnknown();
        unknown = 1;
      }
    }
    tellUnknown();
    return symbols;
  }

  /** A text spelled in tokens of single bytes; null when one of them is missing, or the model does not spell so. */
  #bytes(text: string): number[] | null {
    if (!this.#model.byte_fallback) return null;
    const indices = byteTokens(text).map((token) => this.#indexOf.get(token));
    return indices.includes(undefined) ? null : (indices as number[]);
  }

  /** Merges the pair of the lowest rank, the leftmost first, until none is left. */
  #merge(symbols: number[]): number[] {
    const { length } = symbols;
    const next = symbols.map((_, i) => i + 1);
    const previous = symbols.map((_, i) => i - 1);
    const queue = new NumberQueue();
    const mergeAt = (i: number) =>
      i >= 0 && next[i]! < length && symbols[i]! >= 0 && symbols[next[i]!]! >= 0
        ? this.#merges.get(this.#pair(symbols[i]!, symbols[next[i]!]!))
        : undefined;
    const enqueue = (i: number) => {
      const merge = mergeAt(i);
      if (merge) queue.push(merge.rank * length + i); // by rank, then by place
    };
    for (let i = 0; i < length; i++) enqueue(i);
    for (let first = queue.pop(); first !== undefined; first = queue.pop()) {
      const i = first % length;
      const merge = mergeAt(i);
      // stale: the pair that was meant has been merged with a neighbour
      if (merge?.rank !== Math.floor(first / length)) continue;
      const right = next[i]!;
      symbols[i] = merge.merged;
      symbols[right] = gone;
      next[i] = next[right]!;
      if (next[i]! < length) previous[next[i]!] = i;
      enqueue(previous[i]!);
      enqueue(i);
    }
    return symbols.filter((symbol) => symbol !== gone);
  }
}

/** Stands where a symbol was that has been merged into the one before. */
const gone = -2;

/** A binary heap of numbers, the smallest first. */
class NumberQueue {
  readonly #heap: number[] = [];

  push(value: number): void {
    const heap = this.#heap;
    let i = heap.push(value) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (heap[parent]! <= value) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = value;
  }

  pop(): number | undefined {
    const heap = this.#heap;
    const smallest = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return smallest;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= last) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return smallest;
  }
}
