import { checkNames, InvalidArgumentError } from '@namm/core';
import type { LayerAllocation } from './layer-allocation.js';
import { defaultBeta, type PyramidBudgetsOptions, pyramidBudgets } from './pyramid-budgets.js';

/** The part of {@link PyramidBudgetsOptions} that does not depend on the sequence. */
export type PyramidLayersOptions = Pick<PyramidBudgetsOptions, 'window' | 'beta' | 'rule'>;

/**
 * Gives the first layers more slots than the last: {@link pyramidBudgets}, kept within the budget. If a rule's rounding
 * exceeds the requested average, a smaller average is requested until it fits.
 *
 * @param options window, steepness and rule
 * @returns an allocation for {@link scoredPolicy}
 * @throws {InvalidArgumentError} for a bad option
 * @example
 * ```ts
 * scoredPolicy({ scorer: snapKVScorer(), budget: '25%', layers: pyramidLayers({ window: 32 }) });
 * ```
 */
export function pyramidLayers(options: PyramidLayersOptions): LayerAllocation {
  checkNames('pyramidLayers', options, ['window', 'beta', 'rule']);
  pyramidBudgets({ ...options, layers: 1, slots: 1, seen: 1 }); // checks the options once and early
  const { window, beta = defaultBeta, rule = 'kvpress' } = options;
  return {
    settings: { kind: 'pyramid', window, beta, rule },
    check({ layers }, budgetInBytes) {
      const cost = (layer: (typeof layers)[number]) => layer.keyValueHeads * layer.headSize;
      if (!budgetInBytes || layers.every((layer) => cost(layer) === cost(layers[0]!))) return;
      const problem =
        'in bytes needs layers of one size here, because layers get different numbers of rows';
      throw new InvalidArgumentError('budget', problem);
    },
    slots(layers, slots, seen) {
      // The pyramid of a fraction first, as kvpress has it; then those of fewer and fewer whole slots.
      for (let asked = slots; asked > 0; asked = Math.ceil(asked) - 1) {
        const budgets = pyramidBudgets({ ...options, layers, slots: asked, seen });
        const total = budgets.reduce((sum, budget) => sum + budget, 0);
        if (total <= layers * slots) return budgets;
      }
      return new Array<number>(layers).fill(Math.floor(slots));
    },
  };
}
