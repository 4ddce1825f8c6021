import { type EvictionPolicy, keyDiff, sinkRecent } from '@namm/kv-cache';

/** The name of the baseline that forgets nothing. */
export const fullCache = 'full';

/**
 * Classic policies that need no probe, so that the model of any trainable runs them: the plainest one, and the one
 * that keeps most answers of real models when the question comes last.
 */
const policies: Readonly<Record<string, (budget: number) => EvictionPolicy>> = {
  'sink-recent': (budget) => sinkRecent({ budget }),
  keydiff: (budget) => keyDiff({ budget }),
};

/** Names of the policies that {@link referenceName} takes. */
export const referencePolicyNames: readonly string[] = Object.keys(policies);

/** The name of a classic policy that keeps a share, as a baseline of text problems. */
export function referenceName(policy: string, share: number): string {
  return `${policy} ${share}`;
}

/** The policy of such a name; null for another name. */
export function referencePolicy(name: string): EvictionPolicy | null {
  const [policy = '', share = ''] = name.split(' ');
  const make = policies[policy];
  const budget = Number(share);
  return make && budget > 0 && budget < 1 ? make(budget) : null;
}
