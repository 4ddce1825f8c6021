import { resolve } from 'node:path';
import { InvalidArgumentError } from '@namm/core';
import { loadPolicy } from '@namm/decoder';
import { createPolicy, type EvictionPolicy, policyNames } from '@namm/kv-cache';
import { loadNamm } from '@namm/namm';

export interface PolicyChoice {
  readonly policy?: string;
  readonly checkpoint?: string;
  readonly budget?: string;
  readonly seed: number;
}

/** A file with code, and the name of what it exports: `./mine.js#name`. */
const inModule = /^(?<file>.+\.[cm]?js)#(?<name>[\w$]+)$/;

/**
 * The policy that the options name: a classic one, a NAMM, or one of the user's own.
 *
 * @throws {InvalidArgumentError} when they name none
 */
export async function choosePolicy(choice: PolicyChoice): Promise<EvictionPolicy> {
  const { policy = 'full', checkpoint, budget, seed } = choice;
  if ((policy === 'namm') !== (checkpoint !== undefined)) {
    const problem = "'namm' and a --checkpoint belong together; no NAMM fits every model";
    throw new InvalidArgumentError('--policy', problem);
  }
  const limit = budget === undefined ? {} : { budget };
  if (checkpoint !== undefined) return loadNamm({ checkpoint, ...limit });
  const { file, name } = inModule.exec(policy)?.groups ?? {};
  if (file !== undefined) {
    return loadPolicy({ module: resolve(file), export: name!, options: limit });
  }
  if (!policyNames.includes(policy)) {
    const known = [...policyNames, 'namm'].join(', ');
    throw new InvalidArgumentError('--policy', `'${policy}' is none of ${known}, FILE.js#NAME`);
  }
  if (policy === 'full' && budget !== undefined) {
    const problem = "the policy 'full' keeps everything; name a --policy for the budget";
    throw new InvalidArgumentError('--budget', problem);
  }
  return createPolicy(policy, { seed, ...limit });
}
