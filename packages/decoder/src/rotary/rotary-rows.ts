import { inverseFrequencies, rotaryAttentionFactor } from './inverse-frequencies.js';
import type { RotarySpec } from './rotary-spec.js';

/** Cosines and sines of the angles of some positions, each `[positions, size / 2]`. */
export interface RotaryRows {
  readonly cos: Float32Array;
  readonly sin: Float32Array;
}

/**
 * The rows of a rotary table for some positions.
 *
 * @param spec the rotary table
 * @param positions absolute positions
 * @param sequenceLength tokens of the sequence when the whole input is read, which decide the frequencies
 * of `dynamic` and `longrope`; one more than the largest position when absent
 */
export function rotaryRows(
  spec: RotarySpec,
  positions: Int32Array,
  sequenceLength = 1 + positions.reduce((a, b) => Math.max(a, b), 0),
): RotaryRows {
  const half = spec.size / 2;
  const frequencies = inverseFrequencies(spec, sequenceLength);
  const factor = rotaryAttentionFactor(spec.scaling);
  const cos = new Float32Array(positions.length * half);
  const sin = new Float32Array(positions.length * half);
  for (let row = 0; row < positions.length; row++) {
    for (let i = 0; i < half; i++) {
      // PyTorch multiplies in float32; at position 100,000 the rounding moves the angle by 0.004.
      const angle = Math.fround(positions[row]! * frequencies[i]!);
      cos[row * half + i] = Math.fround(Math.cos(angle)) * factor;
      sin[row * half + i] = Math.fround(Math.sin(angle)) * factor;
    }
  }
  return { cos, sin };
}
