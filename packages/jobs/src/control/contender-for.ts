import { isOwnPolicy, loadOwnPolicy, policyProblem } from '@namm/cli';
import {
  type ContenderOptions,
  contenderNames,
  createContender,
  type MemoryContender,
  policyContender,
} from '@namm/control';
import { InvalidArgumentError } from '@namm/core';

/** The way to remember that a name means: one that we know, or the user's own code. */
export async function contenderFor(
  name: string,
  options: ContenderOptions,
): Promise<MemoryContender> {
  if (!isOwnPolicy(name)) {
    if (/\.[cm]?[jt]s(#|$)/.test(name)) {
      throw new InvalidArgumentError('policies', policyProblem(name, contenderNames));
    }
    return createContender(name, options);
  }
  const { budget } = options;
  return policyContender(await loadOwnPolicy(name, budget === undefined ? {} : { budget }));
}
