import { isDeepStrictEqual } from 'node:util';
import { CacheMismatchError } from './cache-errors.js';
import type { EvictionPolicy } from './contracts/eviction-policy.js';

/**
 * Checks that something was saved with this policy.
 *
 * @param file what was read
 * @param saved what it says
 * @throws {CacheMismatchError} when name or settings differ
 */
export function checkSavedPolicy(
  file: string,
  saved: { readonly policy: unknown; readonly settings: unknown },
  policy: Pick<EvictionPolicy, 'name' | 'settings'>,
): void {
  if (saved.policy !== policy.name) {
    throw new CacheMismatchError(file, 'policy', saved.policy, policy.name);
  }
  const settings: unknown = JSON.parse(JSON.stringify(policy.settings));
  if (!isDeepStrictEqual(saved.settings, settings)) {
    throw new CacheMismatchError(file, `settings of '${policy.name}'`, saved.settings, settings);
  }
}
