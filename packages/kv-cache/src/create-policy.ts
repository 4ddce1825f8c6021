import { checkNames, InvalidArgumentError, noneOf } from '@namm/core';
import type { BudgetInput } from './budget.js';
import type { EvictionPolicy } from './contracts/eviction-policy.js';
import { adaKV } from './policies/ada-kv.js';
import { compactor } from './policies/compactor.js';
import { everyKth } from './policies/every-kth.js';
import { expectedAttention } from './policies/expected-attention.js';
import { full } from './policies/full.js';
import { h2o } from './policies/h2o.js';
import { keyDiff } from './policies/key-diff.js';
import { l2Norm, l2NormScorer } from './policies/l2-norm.js';
import { observedAttention } from './policies/observed-attention.js';
import { pyramidKV } from './policies/pyramid-kv.js';
import { random } from './policies/random.js';
import { sinkRecent } from './policies/sink-recent.js';
import { snapKV } from './policies/snap-kv.js';
import { tova } from './policies/tova.js';
import { triAttention } from './policies/tri-attention.js';

/** What {@link createPolicy} passes on. */
export interface CreatePolicyOptions {
  /** Required by every policy except `full`. */
  readonly budget?: BudgetInput;
  /**
   * Used by `random` and `compactor`.
   * @defaultValue 0
   */
  readonly seed?: number;
}

const factories: ReadonlyMap<string, (budget: BudgetInput, seed: number) => EvictionPolicy> =
  new Map([
    ['sink-recent', (budget) => sinkRecent({ budget })],
    ['every-kth', (budget) => everyKth({ budget })],
    ['random', (budget, seed) => random({ budget, seed })],
    ['l2', (budget) => l2Norm({ budget })],
    ['l2-highest', (budget) => l2Norm({ budget, keep: 'highest' })],
    ['keydiff', (budget) => keyDiff({ budget })],
    ['h2o', (budget) => h2o({ budget })],
    ['observed-attention', (budget) => observedAttention({ budget })],
    ['tova', (budget) => tova({ budget })],
    ['snapkv', (budget) => snapKV({ budget })],
    ['ada-snapkv', (budget) => adaKV({ budget })],
    ['ada-l2', (budget) => adaKV({ budget, scorer: l2NormScorer() })],
    ['pyramidkv', (budget) => pyramidKV({ budget })],
    ['expected-attention', (budget) => expectedAttention({ budget })],
    ['tri-attention', (budget) => triAttention({ budget })],
    ['compactor', (budget, seed) => compactor({ budget, seed })],
  ] satisfies [string, (budget: BudgetInput, seed: number) => EvictionPolicy][]);

/** The names that {@link createPolicy} knows. */
export const policyNames: readonly string[] = ['full', ...factories.keys()];

/**
 * Makes a policy from its name, with default options: for command lines and tables.
 *
 * @param name one of {@link policyNames}
 * @param options budget, and the seed of `random`
 * @returns the policy, for any number of caches
 * @throws {InvalidArgumentError} for an unknown name (the message lists the known ones), a missing or invalid budget,
 *   or an invalid seed
 * @example
 * ```ts
 * const policies = policyNames.map((name) => createPolicy(name, { budget: '25%' }));
 * ```
 */
export function createPolicy(name: string, options: CreatePolicyOptions = {}): EvictionPolicy {
  checkNames('createPolicy', options, ['budget', 'seed']);
  if (name === 'full') return full();
  const create = factories.get(name);
  if (create === undefined) {
    throw new InvalidArgumentError('policy', noneOf(name, policyNames));
  }
  if (options.budget === undefined) {
    throw new InvalidArgumentError(
      'budget',
      `the policy '${name}' needs one, such as 512, '25%' or '64MB'`,
    );
  }
  return create(options.budget, options.seed ?? 0);
}
