import type { SpectrumProbe } from './contracts/probe.js';

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
