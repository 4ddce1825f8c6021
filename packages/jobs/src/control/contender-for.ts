import { isOwnPolicy, loadOwnPolicy } from '@namm/cli';
import {
  type ContenderOptions,
  createContender,
  type MemoryContender,
  policyContender,
} from '@namm/control';

/** The way to remember that a name means: one that we know, or the user's own code. */
export async function contenderFor(
  name: string,
  options: ContenderOptions,
): Promise<MemoryContender> {
  if (!isOwnPolicy(name)) return createContender(name, options);
  const { budget } = options;
  return policyContender(await loadOwnPolicy(name, budget === undefined ? {} : { budget }));
}
