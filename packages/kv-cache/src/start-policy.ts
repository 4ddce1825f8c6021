import { InvalidArgumentError } from '@namm/core';
import type { CacheShape } from './contracts/cache-shape.js';
import type { EvictionPolicy, PolicyState } from './contracts/eviction-policy.js';

/** What every update calls; the others are missed only by those who fork or save. */
const methods = ['observe', 'select', 'retain'] as const;

/**
 * Starts a policy's state for a new sequence. Users may write policies without type checking, so missing parts are
 * found here and not at the first token.
 *
 * @throws {InvalidArgumentError} for something that is not a policy, or that does not make a policy state
 */
export function startPolicy(policy: EvictionPolicy, shape: CacheShape): PolicyState {
  if (typeof policy?.start !== 'function' || typeof policy.name !== 'string') {
    throw new InvalidArgumentError('policy', 'is not an eviction policy: it needs name and start');
  }
  const state: Partial<PolicyState> | undefined = policy.start(shape);
  const missing = methods.filter((name) => typeof state?.[name] !== 'function');
  if (missing.length === 0) return state as PolicyState;
  const problem = `what start() of '${policy.name}' returns lacks ${missing.join(', ')}`;
  throw new InvalidArgumentError(
    'policy',
    `${problem}; rowScorer writes them from a score per row`,
  );
}
