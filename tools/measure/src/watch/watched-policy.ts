import { createPolicy, type EvictionPolicy } from '@namm/kv-cache';
import { modelFolder } from '@namm/models';
import { loadNamm } from '@namm/namm';

/** What keeps the budget while a video is watched; `namm` is that of nano-llama, frozen. */
export const watchedPolicies = ['namm', 'keydiff', 'sink-recent', 'h2o', 'random'] as const;

/**
 * Makes one of them.
 *
 * @param name one of {@link watchedPolicies}
 * @param budget rows per head
 */
export async function watchedPolicy(name: string, budget: number): Promise<EvictionPolicy> {
  if (name !== 'namm') return createPolicy(name, { budget, seed: 1 });
  const checkpoint = `${modelFolder('nano-llama')}/namm.safetensors`;
  // The budget alone decides: no score is low enough to be forgotten without need.
  return loadNamm({ checkpoint, budget, scoreOffset: 1e6 });
}
