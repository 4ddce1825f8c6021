import type { RotateKeys } from '@namm/kv-cache';
import { inverseFrequencies } from './inverse-frequencies.js';
import type { RotarySpec } from './rotary-spec.js';

/** Rotations that are remembered, at most. */
const mostRotations = 2 ** 14;
/** More than a position can be, so that two of them are one number. */
const beyond = 2 ** 26;

/**
 * Rotates keys from the rotation of one position to that of another: RoPE rotates each pair by an angle
 * proportional to the position, so rotating by the difference of two angles is exact. The angles are the
 * ones `rotaryRows` takes (with its rounding to float32); their difference, cosine and sine are doubles,
 * so that a key rotated many times differs from one rotated once by the rounding of its own numbers only.
 *
 * It serves one closing of gaps, in which heads move rows alike: rotations that were computed are used again.
 */
export function rotateKeys(spec: RotarySpec, headSize: number): RotateKeys {
  const half = spec.size / 2;
  // Scalings that depend on the length are refused where the length could matter.
  const frequencies = inverseFrequencies(spec, 1);
  const rotations = new Map<number, Float64Array>();
  let keys = new Float32Array(0);
  return (rows, from, to) => {
    // A plain array: loops over resizable ones, as caches have them, take three times as long.
    if (keys.length < rows.length) keys = new Float32Array(rows.length);
    keys.set(rows);
    for (let row = 0; row < from.length; row++) {
      const move = from[row]! * beyond + to[row]!;
      let rotation = rotations.get(move);
      if (rotation === undefined) {
        rotation = rotationOf(frequencies, from[row]!, to[row]!);
        if (rotations.size === mostRotations) rotations.clear();
        rotations.set(move, rotation);
      }
      const start = row * headSize;
      for (let i = 0; i < half; i++) {
        const cos = rotation[2 * i]!;
        const sin = rotation[2 * i + 1]!;
        const a = keys[start + i]!;
        const b = keys[start + i + half]!;
        keys[start + i] = a * cos - b * sin;
        keys[start + i + half] = b * cos + a * sin;
      }
    }
    rows.set(keys.length === rows.length ? keys : keys.subarray(0, rows.length));
  };
}

/** cos and sin of the difference of two positions' angles, for every pair: `[size / 2, 2]`. */
function rotationOf(frequencies: Float32Array, from: number, to: number): Float64Array {
  const rotation = new Float64Array(2 * frequencies.length);
  for (const [i, frequency] of frequencies.entries()) {
    const angle = Math.fround(to * frequency) - Math.fround(from * frequency);
    rotation[2 * i] = Math.cos(angle);
    rotation[2 * i + 1] = Math.sin(angle);
  }
  return rotation;
}
