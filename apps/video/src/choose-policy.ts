import { isOwnPolicy, loadOwnPolicy, ownPolicyForm } from '@namm/cli';
import { InvalidArgumentError } from '@namm/core';
import { createPolicy, type EvictionPolicy, policyNames } from '@namm/kv-cache';
import { loadNamm } from '@namm/namm';
import type { CommonOptions } from './common-options.js';

/**
 * The policy that the options name.
 *
 * @throws {InvalidArgumentError} when they name none, or do not go together
 */
export async function choosePolicy({
  policy,
  checkpoint,
  budget,
  seed,
}: CommonOptions): Promise<EvictionPolicy> {
  if ((policy === 'namm') !== (checkpoint !== undefined)) {
    const problem = "'namm' and a --checkpoint belong together; no NAMM fits every model";
    throw new InvalidArgumentError('--policy', problem);
  }
  const limit = budget === undefined ? {} : { budget };
  if (checkpoint !== undefined) return loadNamm({ checkpoint, ...limit });
  if (isOwnPolicy(policy)) return loadOwnPolicy(policy, limit);
  if (!policyNames.includes(policy)) {
    const known = [...policyNames, 'namm', ownPolicyForm].join(', ');
    throw new InvalidArgumentError('--policy', `'${policy}' is none of ${known}`);
  }
  if (policy === 'full' && budget !== undefined) {
    const problem = "the policy 'full' keeps everything; name a --policy for the budget";
    throw new InvalidArgumentError('--budget', problem);
  }
  return createPolicy(policy, { seed, ...limit });
}
