import type { Decoder, Tokenizer } from '@namm/decoder';
import { createPolicy, type EvictionPolicy, type Probe, policyNames } from '@namm/kv-cache';
import { KVzip, kvzipContenders, repeatPrompt, taught } from '@namm/teach';
import { budgetText } from './option-parsers.js';
import { isOwnPolicy, loadOwnPolicy, policyFrom } from './own-policy.js';

/** A policy by name, and its own budget if it has one. */
export interface NamedPolicy {
  readonly name: string;
  readonly budget: string | null;
}

const classics = policyNames.filter((name) => name !== 'full');

/** A policy with the budget that it was made for. */
type PolicyAt = { readonly name: string; readonly budget: string; readonly policy: EvictionPolicy };

/** All that need no second reading. */
export const defaultPolicies: readonly NamedPolicy[] = classics.map((name) => {
  return { name, budget: null };
});

const known = policyFrom(['taught', 'kvzip', ...classics]);

/** Reads `h2o`, `h2o@25%`, `./mine.js#name` or `./mine.js#name@25%`. */
export function namedPolicy(text: string): NamedPolicy {
  const at = text.lastIndexOf('@');
  if (at < 0 || isOwnPolicy(text)) return { name: known(text), budget: null };
  return { name: known(text.slice(0, at)), budget: budgetText(text.slice(at + 1)) };
}

/**
 * The policies of a comparison, budget by budget; the taught scorer is always one of them, where there is one.
 *
 * @param classic the policies that are named
 * @param budgets of those that name none of their own
 * @param options the model, its tokenizer, and the file of the taught scorer
 */
export async function comparedPolicies(
  classic: readonly NamedPolicy[],
  budgets: readonly string[],
  options: {
    /** The model with a probe. */
    readonly models: { of(probe: Probe): Promise<Decoder> };
    readonly tokenizer: Tokenizer;
    readonly checkpoint: string | null;
  },
): Promise<PolicyAt[]> {
  const { models, tokenizer, checkpoint } = options;
  const isNamed = classic.some(({ name }) => name === 'taught');
  const named = isNamed ? classic : [{ name: 'taught', budget: null }, ...classic];
  const all = [...new Set([...budgets, ...named.flatMap(({ budget }) => budget ?? [])])];
  const asked = all.flatMap((budget) =>
    named
      .filter((each) => (each.budget === null ? budgets.includes(budget) : each.budget === budget))
      .map(({ name }) => ({ name, budget })),
  );
  const prompt = tokenizer.encode(repeatPrompt, { addSpecialTokens: false });
  const load = async () => new KVzip(await models.of({ kind: 'columnMaxima' }), { prompt });
  const kvzip = kvzipContenders(load, all, { prompt });
  const made = asked.map(async ({ name, budget }): Promise<PolicyAt[]> => {
    if (name === 'kvzip') return kvzip.filter((each) => each.budget === budget);
    if (isOwnPolicy(name)) {
      const policy = await loadOwnPolicy(name, { budget });
      return [{ name: policy.name, budget, policy }];
    }
    if (name !== 'taught')
      return [{ name, budget, policy: createPolicy(name, { budget, seed: 1 }) }];
    return checkpoint ? [{ name, budget, policy: await taught({ checkpoint, budget }) }] : [];
  });
  return (await Promise.all(made)).flat();
}

/** The user's own policies, each at every budget. */
export async function ownPolicies(
  names: readonly string[],
  budgets: readonly string[],
): Promise<PolicyAt[]> {
  const all: PolicyAt[] = [];
  for (const name of names) {
    for (const budget of budgets) {
      const policy = await loadOwnPolicy(name, { budget });
      all.push({ name: policy.name, budget, policy });
    }
  }
  return all;
}
