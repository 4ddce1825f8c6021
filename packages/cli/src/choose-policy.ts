import { InvalidArgumentError } from '@namm/core';
import { openModel } from '@namm/decoder';
import { createPolicy, type EvictionPolicy, policyNames } from '@namm/kv-cache';
import { taughtNameFor } from '@namm/models';
import { loadNamm } from '@namm/namm';
import { taught } from '@namm/teach';
import { isOwnPolicy, loadOwnPolicy, policyProblem } from './own-policy.js';
import type { PolicyChoiceOptions } from './policy-options.js';

/** What {@link choosePolicy} goes by. */
export interface PolicyChoice extends PolicyChoiceOptions {
  /** Folder or file of the language model that it is for: one of our taught scorers may be its own. */
  readonly folder?: string;
  readonly seed: number;
}

/**
 * The policy that the options name: a classic one, a NAMM, a taught scorer, or one of the user's own. A budget alone means
 * the scorer that was taught on the model, where there is one.
 *
 * @throws {InvalidArgumentError} when they name none, or do not go together
 */
export async function choosePolicy(choice: PolicyChoice): Promise<EvictionPolicy> {
  const { folder, checkpoint, budget, seed } = choice;
  const isOpen = choice.policy === undefined && budget !== undefined && checkpoint === undefined;
  const mayBeTaught = folder !== undefined && (isOpen || choice.policy === 'taught');
  const own = mayBeTaught ? taughtNameFor((await openModel(folder)).digest) : null;
  const policy = choice.policy ?? (isOpen && own !== null ? 'taught' : 'full');
  const limit = budget === undefined ? {} : { budget };
  if (policy === 'taught') {
    const file = checkpoint ?? own;
    if (file !== null) return taught({ checkpoint: file, budget: budget ?? '25%' });
    const problem =
      'needs a --checkpoint: no bundled scorer was taught for this model; `bench fit` makes one';
    throw new InvalidArgumentError('--policy', problem);
  }
  if (policy === 'namm' && checkpoint === undefined) {
    const problem = "'namm' needs a --checkpoint; no NAMM fits every model";
    throw new InvalidArgumentError('--policy', problem);
  }
  if (policy !== 'namm' && checkpoint !== undefined) {
    const problem = `only --policy namm and taught have one${choice.policy ? `, not '${policy}'` : ''}`;
    throw new InvalidArgumentError('--checkpoint', problem);
  }
  if (checkpoint !== undefined) return loadNamm({ checkpoint, ...limit });
  if (isOwnPolicy(policy)) return loadOwnPolicy(policy, limit);
  if (!policyNames.includes(policy)) {
    const problem = policyProblem(policy, [...policyNames, 'namm', 'taught']);
    throw new InvalidArgumentError('--policy', problem);
  }
  if (policy === 'full' && budget !== undefined) {
    const problem = "the policy 'full' keeps everything; name a --policy for the budget";
    throw new InvalidArgumentError('--budget', problem);
  }
  return createPolicy(policy, { seed, ...limit });
}
