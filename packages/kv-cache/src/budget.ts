/**
 * How much a policy may keep.
 *
 * - `tokens`: rows per KV head, on average where a policy gives heads or layers different shares.
 * - `share`: the same as a share of the tokens seen so far: floor(share × seen), at least 1.
 * - `bytes`: for the whole cache: keys, values, positions and the policy's own state of all rows held.
 */
export type Budget =
  | { readonly kind: 'tokens'; readonly tokens: number }
  | { readonly kind: 'share'; readonly share: number }
  | { readonly kind: 'bytes'; readonly bytes: number };

/** A budget as people write it; see {@link parseBudget}. */
export type BudgetInput = number | string | Budget;
