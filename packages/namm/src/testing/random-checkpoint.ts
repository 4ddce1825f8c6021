import type { NammCheckpoint } from '../checkpoint/checkpoint.js';
import { randomNamm } from '../random-namm.js';

/** About what `randomAttention` gives. */
const normaliser = {
  shape: [17],
  mean: new Float32Array(17).fill(0.014).fill(0.1, 0, 1).fill(0.05, 1, 3),
  variance: new Float32Array(17).fill(6e-4).fill(0.036, 0, 1).fill(0.008, 1, 3),
  count: Float64Array.of(1),
};

/** A model with random parameters, of which some tokens are worth keeping and some are not. */
export function randomCheckpoint(seed: number, updateInterval = 32): NammCheckpoint {
  return { ...randomNamm({ seed, updateInterval, normaliser }), provenance: {} };
}
