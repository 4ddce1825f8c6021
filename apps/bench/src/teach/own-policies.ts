import type { ComparedPolicy } from '@namm/benchmarks';
import { loadOwnPolicy } from '@namm/cli';

/** The user's own policies, each at every budget. */
export async function ownPolicies(
  names: readonly string[],
  budgets: readonly string[],
): Promise<ComparedPolicy[]> {
  const all: ComparedPolicy[] = [];
  for (const name of names) {
    for (const budget of budgets) {
      const policy = await loadOwnPolicy(name, { budget });
      all.push({ name: policy.name, budget, policy });
    }
  }
  return all;
}
