import type { KeyRotation } from '../contracts/cache-shape.js';
import type { TaughtLayer } from '../scoring/taught-map.js';

/** A token of one layer: the key and value that each KV head caches of it. */
export interface SlowToken {
  readonly position: number;
  readonly keys: readonly (readonly number[])[];
  readonly values: readonly (readonly number[])[];
}

/** The key before its rotation: pair by pair, as complex numbers. */
function unrotated(key: readonly number[], position: number, rotation: KeyRotation): number[] {
  const { frequencies, factor } = rotation;
  const pairs = frequencies.length;
  const result = [...key];
  frequencies.forEach((frequency, i) => {
    const angle = -Math.fround(position * frequency);
    const [re, im] = [key[i]!, key[i + pairs]!];
    result[i] = (re * Math.cos(angle) - im * Math.sin(angle)) / factor;
    result[i + pairs] = (re * Math.sin(angle) + im * Math.cos(angle)) / factor;
  });
  return result;
}

/** The score that each KV head gives a token: weights times keys, values, key norms and 1. */
export function slowTaughtScores(
  { position, keys, values }: SlowToken,
  { weights, keyValueHeads }: TaughtLayer,
  rotation: KeyRotation | null,
): number[] {
  const plain = keys.map((key) => (rotation ? unrotated(key, position, rotation) : key));
  const norms = keys.map((key) => Math.hypot(...key));
  const features = [...plain.flat(), ...values.flat(), ...norms, 1];
  return Array.from({ length: keyValueHeads }, (_, head) =>
    features.reduce((sum, x, i) => sum + x * weights[head * features.length + i]!, 0),
  );
}
