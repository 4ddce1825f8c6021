import type { NammCheckpoint } from '@namm/namm';
import { createTrainable } from '../trainables/create-trainable.js';

/**
 * The same NAMM with `shift` added to all scores: above 0 it keeps more.
 *
 * @throws {InvalidArgumentError} when its scorer has no bias
 */
export function shiftScores(checkpoint: NammCheckpoint, shift: number): NammCheckpoint {
  if (shift === 0) return checkpoint;
  const { scorer, features, policy, normaliser } = checkpoint;
  const trainable = createTrainable({ kind: 'namm', scorer, features, policy }, normaliser);
  const parameters = trainable.shifted(Float64Array.from(checkpoint.parameters), shift);
  return { ...checkpoint, parameters: Float32Array.from(parameters) };
}
