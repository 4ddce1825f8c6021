import type { EvictionPolicy, PolicyState } from '@namm/kv-cache';
import type { TokenRole } from './attribute-tokens.js';

/**
 * A policy that knows the answers: it keeps BOS, the facts that hold, and everything from the first
 * question on; filler, distractors and stale facts go after every forward. How much better it answers than
 * the full cache is how much there is to win by forgetting.
 *
 * @param roles of the sample's tokens, from {@link attributeTokens}; tokens beyond them are kept
 */
export function factOracle(roles: readonly TokenRole[]): EvictionPolicy {
  const needless = roles.map(
    ({ kind }) => kind === 'filler' || kind === 'distractor' || kind === 'stale',
  );
  const state: PolicyState = {
    bytes: 0,
    observe() {},
    async select(view) {
      return view.shape.layers.map(({ keyValueHeads }, layer) =>
        Array.from({ length: keyValueHeads }, (_, head) => {
          const slots: number[] = [];
          for (const [slot, position] of view.positions(layer, head).entries()) {
            if (!needless[position]) slots.push(slot);
          }
          return Uint32Array.from(slots);
        }),
      );
    },
    compact() {},
    fork: () => state, // it remembers nothing
  };
  return { name: 'oracle', probe: { kind: 'none' }, start: () => state };
}
