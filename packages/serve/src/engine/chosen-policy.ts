import { InvalidArgumentError, noneOf } from '@namm/core';
import { loadPolicy, type WorkerPolicy } from '@namm/decoder';
import {
  type BudgetInput,
  type CacheShape,
  createPolicy,
  type EvictionPolicy,
  parseBudget,
  policyNames,
  slotsPerHead,
} from '@namm/kv-cache';

/** Makes a policy, given as data, from the budget of a request. */
export type PolicyMaker = (budget: BudgetInput) => WorkerPolicy;

/** A policy with its budget, as chosen by a request. */
export interface ChosenPolicy {
  readonly name: string;
  readonly budget: BudgetInput | null;
  /** Equal for requests whose caches may be shared. */
  readonly key: string;
  readonly worker: WorkerPolicy;
  readonly policy: EvictionPolicy;
  /**
   * Most rows per head, on average, that are held between passes.
   *
   * @param seen tokens of the sequence
   */
  mostRows(seen: number): number;
  /** Whether the number of rows is bounded regardless of length, so that positions can be compact. */
  readonly isBounded: boolean;
}

const factories: Readonly<Record<string, readonly [name: string, more?: object]>> = {
  full: ['full'],
  'sink-recent': ['sinkRecent'],
  'every-kth': ['everyKth'],
  random: ['random', { seed: 0 }],
  l2: ['l2Norm'],
  'l2-highest': ['l2Norm', { keep: 'highest' }],
  keydiff: ['keyDiff'],
  h2o: ['h2o'],
  'observed-attention': ['observedAttention'],
  tova: ['tova'],
  snapkv: ['snapKV'],
  'ada-snapkv': ['adaKV'],
  pyramidkv: ['pyramidKV'],
};

/** Those of `policyNames` that requests may give: a worker can be told of them. */
export const servedPolicyNames: readonly string[] = policyNames.filter((name) => name in factories);

/**
 * The policy of a request.
 *
 * @param name one of {@link servedPolicyNames}, or of the makers
 * @param budget what it may keep; null for `full`
 * @param makers of policies that are not of `@namm/kv-cache`
 * @param module that the worker finds the classic policies in
 * @throws {InvalidArgumentError} for a name or a budget that cannot be, or the two together
 */
export async function choosePolicy(
  name: string,
  budget: BudgetInput | null,
  shape: CacheShape,
  makers: Readonly<Record<string, PolicyMaker>>,
  module: string,
): Promise<ChosenPolicy> {
  const maker = Object.hasOwn(makers, name) ? makers[name] : undefined;
  const factory = Object.hasOwn(factories, name) ? factories[name] : undefined;
  if (maker === undefined && factory === undefined) {
    throw new InvalidArgumentError(
      'kv_policy',
      noneOf(name, [...servedPolicyNames, ...Object.keys(makers)]),
    );
  }
  if (name === 'full') {
    if (budget !== null) {
      throw new InvalidArgumentError('kv_budget', "the policy 'full' keeps everything");
    }
    const worker = { module, export: 'full' };
    const policy = createPolicy('full');
    return {
      name,
      budget,
      key: 'full',
      worker,
      policy,
      mostRows: (seen) => seen,
      isBounded: false,
    };
  }
  if (budget === null) {
    throw new InvalidArgumentError('kv_budget', `the policy '${name}' needs one`);
  }
  const parsed = parseBudget(budget, 'kv_budget');
  const worker = maker?.(budget) ?? {
    module,
    export: factory![0],
    options: { budget: parsed, ...factory![1] },
  };
  const policy = maker ? await loadPolicy(worker) : createPolicy(name, { budget: parsed });
  policy.start(shape); // a budget in bytes may be too small for the model
  const slots = slotsPerHead(parsed, shape, () => 0);
  return {
    ...{ name, budget, worker, policy },
    key: JSON.stringify([name, policy.settings]),
    mostRows: (seen) => Math.min(seen, slots(seen)),
    isBounded: parsed.kind !== 'share',
  };
}
