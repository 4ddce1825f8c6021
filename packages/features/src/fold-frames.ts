import type { FloatArray } from '@namm/core/portable';
import { checkNames, InvalidArgumentError } from '@namm/core/portable';
import {
  bornSlots,
  completedFrames,
  frameWeights,
  pendingRows,
  returnedRows,
} from './frame-grid.js';
import { bins, hop, publishedDecay, spectrumKernel, windowSize } from './stft.js';

/**
 * What a forward pass of any number of queries gives for one KV head when the frames are computed together with the
 * attention. {@link foldFrames} defines it; `FeatureState.absorb` adds it to a state.
 */
export interface FoldedFrames {
  readonly queries: number;
  /** Cached tokens after the pass, including its own. */
  readonly slots: number;
  /**
   * `[17, slots]`: Σ_f (1 − g) g^(F−1−f) M[f, j] |S_f[k, j]| over the F frames that end in the pass, the
   * oldest first, with g = γ^16. The mask M[f, j] is 1 when token j was born by the end of frame f; causal
   * attention makes the frames before that 0 by itself. Empty when F = 0.
   */
  readonly spectrum: FloatArray;
  /**
   * `[min(queries, 16 + (seen + queries) mod 16), slots]`: attention of the pass's last queries, averaged
   * over the query heads of the group; what the next frames need.
   */
  readonly rows: FloatArray;
}

/** What {@link foldFrames} starts from. */
export interface FoldInput {
  /** Queries of the sequence before this pass. */
  readonly seen: number;
  /** `[16 + seen mod 16, old slots]`, as `FeatureState.pending()` gives it. */
  readonly pending: FloatArray;
  /** `[queries, slots]`, averaged over the query heads of the group; the newest tokens are last. */
  readonly attention: FloatArray;
  readonly queries: number;
  /** γ per query. @defaultValue 0.99 */
  readonly decay?: number;
}

/**
 * The computation that a graph does for a spectral probe, in plain TypeScript and double precision:
 *
 * 1. the pending rows, widened by zeros for the new tokens, and below them the attention: `[rows, slots]`;
 * 2. S_f = a convolution with {@link spectrumKernel} `[34, 32]` and stride 16 along the rows, F frames;
 *    its magnitude over real and imaginary part: `[F, 17, slots]`;
 * 3. the sum over frames with the weights of {@link frameWeights}.
 *
 * It is slow, and serves as the reference that tests compare with.
 *
 * @throws {InvalidArgumentError} when sizes do not fit together
 *
 * @example
 * ```ts
 * const input = { seen: state.seen, pending: state.pending(), attention, queries };
 * state.absorb(foldFrames(input)); // as state.observe(attention, { queries })
 * ```
 */
export function foldFrames(input: FoldInput): FoldedFrames {
  checkNames('foldFrames', input, ['seen', 'pending', 'attention', 'queries', 'decay']);
  const { seen, pending, attention, queries, decay = publishedDecay } = input;
  const before = pendingRows(seen);
  const oldSlots = pending.length / before;
  const slots = attention.length / queries;
  if (!Number.isInteger(oldSlots) || !Number.isInteger(slots) || slots < oldSlots) {
    const given = `${pending.length} pending numbers, ${attention.length} of attention`;
    throw new InvalidArgumentError('input', `${given} do not fit ${seen} + ${queries} queries`);
  }
  const valueAt = (row: number, slot: number): number => {
    if (row >= before) return attention[(row - before) * slots + slot]!;
    return slot < oldSlots ? pending[row * oldSlots + slot]! : 0;
  };

  const kernel = spectrumKernel();
  const weights = frameWeights(completedFrames(seen, queries), decay);
  const spectrum = new Float64Array(weights.length === 0 ? 0 : bins * slots);
  for (const [frame, weight] of weights.entries()) {
    const lastRow = frame * hop + windowSize - 1 - before;
    const born = bornSlots(slots, oldSlots, queries, lastRow);
    for (let slot = 0; slot < born; slot++) {
      for (let k = 0; k < bins; k++) {
        let real = 0;
        let imaginary = 0;
        for (let n = 0; n < windowSize; n++) {
          const value = valueAt(frame * hop + n, slot);
          real += kernel[k * windowSize + n]! * value;
          imaginary += kernel[(bins + k) * windowSize + n]! * value;
        }
        spectrum[k * slots + slot]! += weight * Math.hypot(real, imaginary);
      }
    }
  }
  const keptRows = returnedRows(seen, queries);
  return { queries, slots, spectrum, rows: attention.slice((queries - keptRows) * slots) };
}
