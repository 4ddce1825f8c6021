import type { FloatArray } from './eviction-policy.js';

/**
 * Asks for a short-time spectrum of the attention that each cached token receives over time. Per KV head
 * the attention is averaged over the query heads, so that each token has one value per query. Frames of
 * `window` queries end whenever the queries of the sequence are a multiple of `hop`; before the sequence
 * there are zeros. A frame's values are multiplied with the kernel, rows k and bins + k being real and
 * imaginary part of bin k, and the magnitudes of the F frames that end in a pass are summed with the weights
 * (1 − g) g^(F − 1 − f), g = decay^hop, the oldest frame f = 0 first.
 */
export interface SpectrumProbe {
  readonly kind: 'spectrum';
  /** `[2 · bins, window]`, row by row. */
  readonly kernel: readonly number[];
  /** Queries per frame; a multiple of `hop`. */
  readonly window: number;
  /** Queries from one frame to the next. */
  readonly hop: number;
  /** γ per query. */
  readonly decay: number;
}

/** What a `spectrum` probe says of one layer in one pass. */
export interface SpectrumObservation {
  readonly kind: 'spectrum';
  /** Queries of the pass. */
  readonly queries: number;
  /** Per KV head `[bins, slots]`, folded; empty when no frame ends in the pass. */
  readonly spectra: readonly FloatArray[];
  /** Per KV head `[rows, slots]`: averaged attention of the last queries, which the next frames need. */
  readonly heads: readonly FloatArray[];
}

/** Sizes of what a probe takes and gives in one pass. */
export interface SpectrumSizes {
  readonly bins: number;
  /** Frames that end in the pass. */
  readonly frames: number;
  /** Attention rows that wait for their frame before the pass. */
  readonly pending: number;
  /** Of the pass's own rows, those that wait for their frame after it. */
  readonly rows: number;
}

/**
 * Counts the frames of a pass.
 *
 * @param seen queries of the sequence before the pass
 * @param queries of the pass
 *
 * @example
 * ```ts
 * spectrumSizes(probe, 500, 30); // window 32, hop 16: { bins: 17, frames: 2, pending: 20, rows: 18 }
 * ```
 */
export function spectrumSizes(probe: SpectrumProbe, seen: number, queries: number): SpectrumSizes {
  const { kernel, window, hop } = probe;
  const waiting = (count: number) => window - hop + (count % hop);
  return {
    bins: kernel.length / (2 * window),
    frames: Math.floor(((seen % hop) + queries) / hop),
    pending: waiting(seen),
    rows: Math.min(queries, waiting(seen + queries)),
  };
}
