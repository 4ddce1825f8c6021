import type { FloatArray } from '@namm/core';

/**
 * What a policy needs to know about the attention of each forward pass. The attention matrix never leaves the graph:
 * the decoder computes only the probe. Probes are a fixed set of data types, so that the decoder need not know any
 * policy.
 *
 * - `none`: nothing; keys and positions are in the cache already.
 * - `columnSums`: per KV head `[slots]`, the attention each cached token received in this pass: summed
 *   over its queries, averaged over the query heads of the group.
 * - `columnMaxima`: per KV head `[slots]`, the largest attention that any query of the pass, in any query
 *   head of the group, gave to each cached token.
 * - `lastQueries`: per KV head `[group, rows, slots]`, the attention rows of the last `count` queries of
 *   the pass (fewer when the pass is shorter), per query head.
 * - `queries`: per KV head `[group, queries, headSize]`, the queries of the pass before their rotation, with the factor
 *   of the attention in them: rotated, their products with cached keys are what the softmax goes over.
 * - `spectrum`: per KV head, how much of each frequency the attention to each cached token has, folded over
 *   the frames that end in the pass; see {@link SpectrumProbe}.
 * - `several`: some of `columnSums`, `columnMaxima`, `lastQueries` and `queries`, each once, for several policies that
 *   look on while one cache is read. A layer then has one observation for each, in their order.
 */
export type Probe =
  | { readonly kind: 'none' }
  | { readonly kind: 'columnSums' }
  | { readonly kind: 'columnMaxima' }
  | { readonly kind: 'lastQueries'; readonly count: number }
  | { readonly kind: 'queries' }
  | { readonly kind: 'several'; readonly probes: readonly AttentionProbe[] }
  | SpectrumProbe;

/** A probe that asks for one thing and is fed nothing, so that it can be among several. */
export type AttentionProbe =
  | { readonly kind: 'columnSums' }
  | { readonly kind: 'columnMaxima' }
  | { readonly kind: 'lastQueries'; readonly count: number }
  | { readonly kind: 'queries' };

/** One probe of one layer: a flat array per KV head; slots count the rows appended in this pass too. */
export type Observation =
  | { readonly kind: 'columnSums' | 'columnMaxima'; readonly heads: readonly FloatArray[] }
  | {
      readonly kind: 'lastQueries';
      /** Rows per query head: min(count asked for, queries of the pass). */
      readonly rows: number;
      readonly heads: readonly FloatArray[];
    }
  | {
      readonly kind: 'queries';
      /** Queries of the pass. */
      readonly queries: number;
      readonly heads: readonly FloatArray[];
    }
  | SpectrumObservation;

/**
 * Asks for a short-time spectrum of the attention that each cached token receives over time. Per KV head
 * the attention is averaged over the query heads, so that each token has one value per query. Frames of
 * `window` queries end every `hop` queries; before the sequence there are zeros. A frame's values are multiplied
 * with the kernel, rows k and bins + k being real and imaginary part of bin k, and the magnitudes of the frames
 * that end in a pass are summed with the weights that the policy gives: it alone counts frames, and says for
 * each pass in {@link SpectrumFeeds} what the graph is fed.
 */
export interface SpectrumProbe {
  readonly kind: 'spectrum';
  /** `[2 · bins, window]`, row by row. */
  readonly kernel: readonly number[];
  /** Queries per frame; a multiple of `hop`. */
  readonly window: number;
  /** Queries from one frame to the next. */
  readonly hop: number;
}

/** Inputs of a `spectrum` probe in one pass. */
export interface SpectrumFeeds {
  /** Weight of each frame that ends in the pass, the oldest first; empty when none does. */
  readonly weights: Float32Array;
  /** Rows of {@link pendingRows}. */
  readonly pending: number;
  /** How many of the pass's last attention rows to return, for later frames. */
  readonly rows: number;
  /**
   * Attention of earlier queries to the cached tokens of one head that the frames need, averaged over its query
   * heads: `[pending, slots]`, zeros before the sequence began. Read only where a frame ends.
   */
  pendingRows(layer: number, head: number): Float32Array;
}

/** Outputs of a `spectrum` probe for one layer in one pass. */
export interface SpectrumObservation {
  readonly kind: 'spectrum';
  /** Queries of the pass. */
  readonly queries: number;
  /** Per KV head `[bins, slots]`, folded; empty when no frame ends in the pass. */
  readonly spectra: readonly FloatArray[];
  /** Per KV head `[rows, slots]`, rows as asked for: averaged attention of the pass's last queries. */
  readonly heads: readonly FloatArray[];
}
