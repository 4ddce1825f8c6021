import { checkInteger, checkNames, InvalidArgumentError } from '@namm/core';
import { averageSlots, type BudgetInput, parseBudget } from '../budget.js';
import type { CacheShape } from '../contracts/cache-shape.js';
import type { EvictionPolicy, PolicyState } from '../contracts/eviction-policy.js';
import { SavedStateReader } from '../saved-state-reader.js';
import { RowTable } from '../scoring/row-table.js';
import { TaughtBudgetState } from '../scoring/taught-budget-state.js';
import { checkTaughtMap, type TaughtMap } from '../scoring/taught-map.js';
import { TaughtThresholdState } from '../scoring/taught-threshold-state.js';

/** Options of {@link taughtPolicy}; either a budget or a threshold. */
export interface TaughtPolicyOptions {
  /** Rows that may stay, over all layers and heads together: see {@link parseBudget}. */
  readonly budget?: BudgetInput;
  /** Rows with a score below it are evicted, so the share kept depends on the text. */
  readonly threshold?: number;
  /**
   * Number of newest tokens that stay in every head; with a budget, at most a quarter of it.
   * @defaultValue 128
   */
  readonly recent?: number;
  /**
   * Number of first tokens that stay in every head.
   * @defaultValue 4
   */
  readonly sinks?: number;
}

/**
 * Keeps the rows that a fitted linear map scores highest, with one threshold over all layers and heads (the linear form
 * of KVzap, https://arxiv.org/abs/2601.07891, applied to what the layer caches instead of the hidden state). A token's
 * score depends only on its own keys and values in the layer, so it is computed once, when the token is read, and needs
 * no attention.
 *
 * With a **threshold**, a token is judged once, when it leaves the newest `recent`, and only the scores of those newest
 * tokens are stored. With a **budget**, the scores of all rows held are stored (4 bytes per row, part of a budget in
 * bytes), and after each pass the best stay.
 *
 * @param map fitted for the model
 * @param options budget or threshold, and the tokens that always stay
 * @returns the policy, for any number of caches
 * @throws {InvalidArgumentError} for a bad option, or a map with numbers that are not finite
 * @example
 * ```ts
 * const policy = taughtPolicy(map, { budget: '25%' });
 * ```
 */
export function taughtPolicy(map: TaughtMap, options: TaughtPolicyOptions): EvictionPolicy {
  checkNames('taughtPolicy', options, ['budget', 'threshold', 'recent', 'sinks']);
  const { budget, threshold, recent = 128, sinks = 4 } = options;
  if ((budget === undefined) === (threshold === undefined)) {
    throw new InvalidArgumentError('budget', 'give either a budget or a threshold');
  }
  checkInteger('recent', recent, 0);
  checkInteger('sinks', sinks, 0);
  checkTaughtMap(map);
  const fixed = { map, recent, sinks };
  const common = { map: map.digest, recent, sinks };
  if (threshold !== undefined) {
    if (!Number.isFinite(threshold)) {
      throw new InvalidArgumentError('threshold', `${threshold} is not a finite number`);
    }
    return policyOf({ ...common, threshold }, map, {
      hasBudget: false,
      start: (shape) => TaughtThresholdState.start(shape, { ...fixed, threshold }),
      restore: (shape, reader) =>
        TaughtThresholdState.restore(shape, { ...fixed, threshold }, reader),
    });
  }
  const parsed = parseBudget(budget!);
  const optionsFor = (shape: CacheShape) => {
    return { ...fixed, slots: averageSlots(parsed, shape, () => Float32Array.BYTES_PER_ELEMENT) };
  };
  const empty = (shape: CacheShape) => RowTable.create(shape, Float32Array);
  return policyOf({ ...common, budget: parsed }, map, {
    hasBudget: true,
    start: (shape) => new TaughtBudgetState(shape, optionsFor(shape), empty(shape), 0),
    restore: (shape, reader) => TaughtBudgetState.restore(shape, optionsFor(shape), reader),
  });
}

interface States {
  readonly hasBudget: boolean;
  start(shape: CacheShape): PolicyState;
  restore(shape: CacheShape, reader: SavedStateReader): PolicyState;
}

function policyOf(
  settings: EvictionPolicy['settings'],
  map: TaughtMap,
  { hasBudget, start, restore }: States,
): EvictionPolicy {
  const startFor = (shape: CacheShape) => {
    mustFit(map, shape);
    return start(shape);
  };
  return {
    name: 'taught',
    settings,
    hasBudget,
    probe: { kind: 'none' },
    start: startFor,
    restore(shape, saved) {
      mustFit(map, shape);
      const reader = new SavedStateReader(saved);
      const state = restore(shape, reader);
      reader.end();
      return state;
    },
    takeOver: startFor, // all it needs is in the cache, as long as that has evicted nothing
  };
}

/** @throws {InvalidArgumentError} when a map was not fitted for a model */
function mustFit(map: TaughtMap, shape: CacheShape): void {
  const fail = (problem: string): never => {
    throw new InvalidArgumentError('policy', `${problem}; fit one for this model`);
  };
  const weights = shape.weights ?? shape.model;
  if (map.layers.length !== shape.layers.length) {
    fail(`the scorer is for ${map.layers.length} layers, the model has ${shape.layers.length}`);
  }
  for (const [layer, { keyValueHeads, headSize }] of shape.layers.entries()) {
    const own = map.layers[layer]!;
    if (own.keyValueHeads === keyValueHeads && own.headSize === headSize) continue;
    const wanted = `${own.keyValueHeads} KV heads of ${own.headSize}`;
    fail(`the scorer is for ${wanted}, layer ${layer} has ${keyValueHeads} of ${headSize}`);
  }
  if (map.model !== weights) {
    fail(
      `the scorer was fitted on another model (${map.model.slice(0, 12)}, not ${weights.slice(0, 12)})`,
    );
  }
}
