import { sealedJson, writeFileAtomic } from '@namm/core';
import type { NamedTensors } from '@namm/evolve';
import { writeCheckpoint } from '@namm/namm';
import { createTrainable } from './create-trainable.js';
import { normaliserOf } from './normaliser-tensors.js';
import type { TrainableSettings } from './trainable-settings.js';

/** Parameters that a run has found, and where they come from. */
interface FoundPolicy {
  readonly trainable: TrainableSettings;
  readonly parameters: Float64Array;
  /** The statistics of its features. */
  readonly prepared: NamedTensors;
  readonly provenance: Readonly<Record<string, unknown>>;
}

/**
 * Writes a NAMM's checkpoint as safetensors; a policy without one as JSON.
 *
 * @param path without an extension
 */
export async function savePolicy(path: string, found: FoundPolicy): Promise<void> {
  const { parameters, provenance } = found;
  const trainable = createTrainable(found.trainable, normaliserOf(found.prepared));
  const checkpoint = trainable.checkpoint(parameters, provenance);
  if (checkpoint) return writeCheckpoint(`${path}.safetensors`, checkpoint);
  const { settings: policy } = trainable.policy(parameters);
  const text = sealedJson({ policy, parameters: [...parameters], provenance }, 2);
  return writeFileAtomic(`${path}.json`, `${text}\n`);
}
