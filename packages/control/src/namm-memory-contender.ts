import { type NammCheckpoint, type NammOptions, namm } from '@namm/namm';
import type { MemoryContender } from './memory-contender.js';
import { policyContender } from './policy-contender.js';

/**
 * A NAMM as a contender.
 *
 * @param name of its row
 * @param checkpoint with statistics of all heads (`shareNormaliser` of `@namm/namm`), or with the agent's number of
 *   layers and heads
 * @throws {InvalidArgumentError} for an option out of range
 *
 * @example
 * ```ts
 * const frozen = shareNormaliser(await readCheckpoint('namm.safetensors'));
 * const contender = nammMemoryContender('frozen', frozen, { updateInterval: 48, budget: '50%' });
 * ```
 */
export function nammMemoryContender(
  name: string,
  checkpoint: NammCheckpoint,
  options: NammOptions = {},
): MemoryContender {
  return policyContender(namm(checkpoint, options), name);
}
