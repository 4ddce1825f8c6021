import { InvalidArgumentError } from '@namm/core';
import { writeSealedFile } from '@namm/tensors';
import { findCheckpointProblem, type NammCheckpoint } from './checkpoint.js';

/** The format that a checkpoint's header names. */
export const checkpointFormat = 'namm-checkpoint';
export const checkpointVersion = '1';

/**
 * Writes a checkpoint as a safetensors file, atomically: the parameters and the normaliser as tensors, settings
 * and provenance as JSON in the header. Anything that reads safetensors can read it.
 *
 * @throws {InvalidArgumentError} when the checkpoint is not complete and finite; nothing is written then
 *
 * @example
 * ```ts
 * await writeCheckpoint('namm.safetensors', { ...checkpoint, provenance: { seed: 7 } });
 * ```
 */
export async function writeCheckpoint(path: string, checkpoint: NammCheckpoint): Promise<void> {
  const problem = findCheckpointProblem(checkpoint);
  if (problem !== null) throw new InvalidArgumentError('checkpoint', problem);
  const { scorer, parameters, normaliser, features, policy, provenance, headBias } = checkpoint;
  const { shape, mean, variance, count } = normaliser;
  const tensors = {
    parameters: { shape: [parameters.length], data: parameters },
    'normaliser.mean': { shape, data: mean },
    'normaliser.variance': { shape, data: variance },
    'normaliser.count': { shape: shape.slice(0, -1), data: count },
    ...(headBias && {
      'head.bias': { shape: [headBias.layers, headBias.heads], data: headBias.values },
    }),
  };
  await writeSealedFile(path, Object.entries(tensors), {
    format: checkpointFormat,
    version: checkpointVersion,
    settings: JSON.stringify({ scorer, features, policy }),
    provenance: JSON.stringify(provenance),
  });
}
