import { checkNames } from '@namm/core';
import { inverseFrequencies, rotaryAttentionFactor } from './inverse-frequencies.js';
import type { RotarySpec } from './rotary-spec.js';

/** Cosines and sines of the angles of some tokens, each `[tokens, size / 2]`. */
export interface RotaryRows {
  readonly cos: Float32Array;
  readonly sin: Float32Array;
}

/** How to interpret the positions of {@link rotaryRows}. */
export interface RotaryRowsOptions {
  /**
   * Length of the sequence after the whole input, which determines the frequencies of `dynamic` and `longrope`.
   * @defaultValue one more than the largest position
   */
  readonly sequenceLength?: number;
  /**
   * Positions per token, for tables whose frequencies rotate by different axes.
   * @defaultValue 1
   */
  readonly axes?: number;
}

/**
 * The rows of a rotary table for some tokens.
 *
 * @param spec the rotary table
 * @param positions of the tokens, `[tokens, axes]`; a single axis applies to all
 * @param options the sequence's length, and how many axes there are
 *
 * @example
 * ```ts
 * const { cos, sin } = rotaryRows({ size: 64, base: 1e4, scaling: { kind: 'none' } }, Int32Array.of(0, 1, 2));
 * ```
 */
export function rotaryRows(
  spec: RotarySpec,
  positions: Int32Array,
  options: RotaryRowsOptions = {},
): RotaryRows {
  checkNames('rotaryRows', options, ['sequenceLength', 'axes']);
  const { axes = 1 } = options;
  const { sequenceLength = 1 + positions.reduce((a, b) => Math.max(a, b), 0) } = options;
  const half = spec.size / 2;
  const frequencies = inverseFrequencies(spec, sequenceLength);
  const factor = rotaryAttentionFactor(spec.scaling);
  const tokens = positions.length / axes;
  const axisOf = axes > 1 && spec.axes ? spec.axes : new Array<number>(half).fill(0);
  const cos = new Float32Array(tokens * half);
  const sin = new Float32Array(tokens * half);
  for (let token = 0; token < tokens; token++) {
    for (let i = 0; i < half; i++) {
      const position = positions[token * axes + axisOf[i]!]!;
      // PyTorch multiplies in float32; at position 100,000 the rounding moves the angle by 0.004.
      const angle = Math.fround(position * frequencies[i]!);
      cos[token * half + i] = Math.fround(Math.cos(angle)) * factor;
      sin[token * half + i] = Math.fround(Math.sin(angle)) * factor;
    }
  }
  return { cos, sin };
}
