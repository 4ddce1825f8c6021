import { checkNames, InvalidArgumentError } from '@namm/core';
import { type EvictionPolicy, type PolicyState, SavedStateReader } from '@namm/kv-cache';
import type { TokenRole } from './attribute-tokens.js';

export interface FactOracleOptions {
  /**
   * Number of newest tokens of the context that stay, needed or not. Heads that find nothing attend to the newest
   * tokens, and a model that never had to do without them fails when they are gone.
   * @defaultValue 64
   */
  readonly window?: number;
}

/** What no answer needs. */
const droppable: ReadonlySet<TokenRole['kind']> = new Set(['filler', 'distractor', 'stale']);

/**
 * A policy that knows the answers. Of the context it keeps BOS, the facts that a question needs, and the newest tokens;
 * of what follows, everything. All else is evicted after every pass. How much better it answers than the full cache
 * shows how much forgetting can gain.
 *
 * @param roles of the sample's tokens, from {@link attributeTokens}; tokens beyond them are kept
 * @throws {InvalidArgumentError} when the window is not a whole number
 */
export function factOracle(
  roles: readonly TokenRole[],
  options: FactOracleOptions = {},
): EvictionPolicy {
  checkNames('factOracle', options, ['window']);
  const { window = 64 } = options;
  if (!Number.isInteger(window) || window < 0) {
    throw new InvalidArgumentError('window', `${window} is not a whole number from 0 on`);
  }
  const contextEnd = endOfContext(roles);
  const needless = roles.map(({ kind, questions }) =>
    kind === 'fact' ? questions.length === 0 : droppable.has(kind),
  );
  const state: PolicyState = {
    bytes: 0,
    observe() {},
    async select(view) {
      const firstNewest = Math.min(view.seen, contextEnd) - window;
      const stays = (token: number) => token >= firstNewest || !needless[token];
      return view.shape.layers.map(({ keyValueHeads }, layer) =>
        Array.from({ length: keyValueHeads }, (_, head) => {
          const slots: number[] = [];
          for (const [slot, token] of view.tokens(layer, head).entries()) {
            if (stays(token)) slots.push(slot);
          }
          return Uint32Array.from(slots);
        }),
      );
    },
    retain() {},
    fork: () => state, // it remembers nothing
    save: () => new Map(),
  };
  const policy: EvictionPolicy = {
    name: 'oracle',
    settings: { window, roles },
    probe: { kind: 'none' },
    start: () => state,
    restore(_, saved) {
      new SavedStateReader(saved).end();
      return state;
    },
  };
  return policy;
}

/** Position of the first token of the last part: the question before the first answer. */
function endOfContext(roles: readonly TokenRole[]): number {
  const answer = roles.find(({ kind }) => kind === 'answer');
  return answer ? roles.findIndex(({ segment }) => segment === answer.segment - 1) : roles.length;
}
