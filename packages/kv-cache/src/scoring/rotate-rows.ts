import { InvalidArgumentError } from '@namm/core';
import type { CacheShape, KeyRotation } from '../contracts/cache-shape.js';

/** cos and sin of each pair of a head. */
export interface PairRotation {
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}

/** @throws {InvalidArgumentError} when the keys of a layer are rotated in a way that cannot be told */
export function mustKnowRotation({ layers }: CacheShape, policy: string): void {
  const layer = layers.findIndex(({ rotation }) => rotation === 'unknown');
  if (layer < 0) return;
  const problem = `'${policy}' has to know how keys are rotated, and the rotation of layer ${layer}`;
  throw new InvalidArgumentError(
    'policy',
    `${problem} depends on more than their position; choose another policy`,
  );
}

/** The rotation of a layer, which {@link mustKnowRotation} has checked; null where keys are not rotated. */
export function knownRotation(rotation: KeyRotation | 'unknown' | undefined): KeyRotation | null {
  return rotation === undefined || rotation === 'unknown' ? null : rotation;
}

/** The mean of the rotations at some positions, including the factor that scales rotated numbers. */
export function meanRotation(
  { frequencies, factor }: KeyRotation,
  positions: readonly number[],
): PairRotation {
  const cos = new Float64Array(frequencies.length);
  const sin = new Float64Array(frequencies.length);
  for (const position of positions) {
    for (let i = 0; i < cos.length; i++) {
      const angle = Math.fround(position * frequencies[i]!); // as keys are rotated
      cos[i]! += (Math.cos(angle) * factor) / positions.length;
      sin[i]! += (Math.sin(angle) * factor) / positions.length;
    }
  }
  return { cos, sin };
}

/** Rotates one row in place; numbers beyond the pairs stay. */
export function rotateRow(row: Float64Array, at: number, { cos, sin }: PairRotation): void {
  const pairs = cos.length;
  for (let i = 0; i < pairs; i++) {
    const [a, b] = [row[at + i]!, row[at + i + pairs]!];
    row[at + i] = a * cos[i]! - b * sin[i]!;
    row[at + i + pairs] = a * sin[i]! + b * cos[i]!;
  }
}

/** Takes the rotation of one row at a position back, in place. */
export function unrotateRow(
  row: Float64Array,
  at: number,
  rotation: KeyRotation,
  position: number,
): void {
  const { cos, sin } = meanRotation(rotation, [position]);
  const squared = rotation.factor ** 2;
  const back = { cos: cos.map((c) => c / squared), sin: sin.map((s) => -s / squared) };
  rotateRow(row, at, back);
}
