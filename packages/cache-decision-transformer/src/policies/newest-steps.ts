import { checkInteger, checkNames, InvalidArgumentError } from '@namm/core';
import {
  type CacheView,
  type EvictionPolicy,
  type KeptSlots,
  type PolicyState,
  SavedStateReader,
} from '@namm/kv-cache';
import { type RowKind, rowKindsOf } from '../row-kinds.js';

/** How many of the newest steps keep their rows, per kind; the current step counts. */
export interface NewestStepsOptions {
  /** @defaultValue 'all' */
  readonly returns?: number | 'all';
  /** @defaultValue 'all' */
  readonly states?: number | 'all';
  /** @defaultValue 'all' */
  readonly actions?: number | 'all';
}

const optionOf = { return: 'returns', state: 'states', action: 'actions' } as const;

/**
 * Keeps rows by kind and step, the same in all heads: those of a number of newest steps. Eviction happens after each
 * pass, so an action is chosen from what was kept and the step just read.
 *
 * @param options steps per kind
 * @param name of the policy, in tables and files
 * @throws {InvalidArgumentError} for a number below 1 or an unknown option; `start` for a cache whose rows have no
 *   kinds
 *
 * @example
 * ```ts
 * const policy = newestSteps({ returns: 1, states: 20, actions: 5 });
 * ```
 */
export function newestSteps(options: NewestStepsOptions, name = 'newest-steps'): EvictionPolicy {
  checkNames('newestSteps', options, ['returns', 'states', 'actions']);
  const { returns = 'all', states = 'all', actions = 'all' } = options;
  const settings = { returns, states, actions };
  for (const [option, steps] of Object.entries(settings)) {
    if (steps !== 'all') checkInteger(option, steps, 1);
  }
  const start: EvictionPolicy['start'] = (shape) => {
    const kinds = rowKindsOf(shape);
    if (returns !== 'all' && !kinds.includes('return')) {
      const problem = 'this model has no tokens of returns; leave the option out';
      throw new InvalidArgumentError('returns', problem);
    }
    return new State(kinds, (kind) => settings[optionOf[kind]]);
  };
  return {
    name,
    settings,
    probe: { kind: 'none' },
    start,
    restore(shape, saved) {
      new SavedStateReader(saved).end();
      return start(shape);
    },
  };
}

/**
 * Drops every return-to-go except the current one, which contains all the information of the others.
 *
 * @throws {InvalidArgumentError} from `start`, for a model without return tokens
 */
export function dropOldReturns(): EvictionPolicy {
  return newestSteps({ returns: 1 }, 'drop-old-returns');
}

/**
 * Keeps the newest steps whole. Unlike in a recomputed window, the rows of a step stay as first computed, and so carry
 * a trace of steps that are gone.
 *
 * @param steps from 1 on
 * @throws {InvalidArgumentError} for another number
 */
export function stepWindow(steps: number): EvictionPolicy {
  checkInteger('steps', steps, 1);
  return newestSteps({ returns: steps, states: steps, actions: steps }, 'step-window');
}

/** Remembers nothing: kind and step follow from a token's number. */
class State implements PolicyState {
  readonly bytes = 0;
  readonly #kinds: readonly RowKind[];
  readonly #stepsOf: (kind: RowKind) => number | 'all';

  constructor(kinds: readonly RowKind[], stepsOf: (kind: RowKind) => number | 'all') {
    this.#kinds = kinds;
    this.#stepsOf = stepsOf;
  }

  observe(): void {}

  async select(view: CacheView): Promise<readonly (KeptSlots | null)[]> {
    const period = this.#kinds.length;
    const newest = Math.floor((view.seen - 1) / period);
    const oldest = this.#kinds.map((kind) => {
      const steps = this.#stepsOf(kind);
      return steps === 'all' ? 0 : newest - steps + 1;
    });
    return view.shape.layers.map(({ keyValueHeads }, layer) => {
      const heads = Array.from({ length: keyValueHeads }, (_, head) => {
        const tokens = view.tokens(layer, head);
        const slots = new Uint32Array(tokens.length);
        let kept = 0;
        for (let slot = 0; slot < tokens.length; slot++) {
          const token = tokens[slot]!;
          if (Math.floor(token / period) >= oldest[token % period]!) slots[kept++] = slot;
        }
        return slots.subarray(0, kept);
      });
      return heads.some(({ length }, head) => length < view.length(layer, head)) ? heads : null;
    });
  }

  retain(): void {}

  fork(): PolicyState {
    return this;
  }

  save(): ReturnType<PolicyState['save']> {
    return new Map();
  }
}
