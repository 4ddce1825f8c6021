import { checkInteger, checkNames, InvalidArgumentError } from '@namm/core';
import { averageSlots, type BudgetInput, parseBudget } from '../budget.js';
import { InvalidScoreError } from '../cache-errors.js';
import type { CacheShape, LayerShape } from '../contracts/cache-shape.js';
import type {
  CacheView,
  EvictionPolicy,
  KeptSlots,
  PolicyState,
  ScoreListener,
} from '../contracts/eviction-policy.js';
import type { Observation } from '../contracts/probe.js';

import type { RowScorer, RowScorerState } from '../contracts/row-scorer.js';
import type { SavedState } from '../contracts/saved-state.js';

import { equalHeads, type HeadAllocation } from './head-allocation.js';
import { equalLayers, type LayerAllocation } from './layer-allocation.js';
import { TopSlots } from './top-slots.js';

/** The parts of a policy that keeps the rows with the highest scores. */
export interface ScoredPolicyOptions {
  readonly scorer: RowScorer;
  /**
   * Rows per head, share of the tokens seen, or bytes: see {@link parseBudget}. Required unless the allocation needs
   * none.
   */
  readonly budget?: BudgetInput;
  /** @defaultValue the scorer's name */
  readonly name?: string;
  /** @defaultValue every layer the same */
  readonly layers?: LayerAllocation;
  /** @defaultValue every head the same */
  readonly heads?: HeadAllocation;
  /**
   * Evict only when the number of tokens seen is a multiple of this, as a NAMM does; in between everything stays.
   * @defaultValue after every pass
   */
  readonly updateInterval?: number;
}

/**
 * Composes a policy: a scorer ranks the rows, a budget limits their number, and the allocations divide them among
 * layers and heads. All classic policies of this package are built this way. The policy is applied after every forward
 * pass, in prefill and decode alike, unless you set an interval.
 *
 * @param options the parts
 * @returns the policy, for any number of caches
 * @throws {InvalidArgumentError} when the budget is invalid, missing or has no effect, or the interval is not a whole
 *   number above 0
 * @example
 * ```ts
 * const policy = scoredPolicy({ scorer: keyDiffScorer(), budget: '25%', heads: adaptiveHeads() });
 * ```
 */
export function scoredPolicy(options: ScoredPolicyOptions): EvictionPolicy {
  const names = ['scorer', 'budget', 'name', 'layers', 'heads', 'updateInterval'] as const;
  checkNames('scoredPolicy', options, names);
  const { scorer, layers = equalLayers, heads = equalHeads, updateInterval } = options;
  const { needsBudget = true } = heads;
  if (!needsBudget && options.budget !== undefined) {
    throw new InvalidArgumentError('budget', 'has no effect: the numbers of rows are given');
  }
  const budget = parseBudget(needsBudget ? options.budget! : '100%');
  if (updateInterval !== undefined) checkInteger('updateInterval', updateInterval, 1);
  const settings = {
    budget,
    scorer: { name: scorer.name, ...scorer.settings },
    layers: layers.settings,
    heads: heads.settings,
    ...(updateInterval !== undefined && { updateInterval }),
  };
  const partsFor = (shape: CacheShape): Parts => {
    layers.check?.(shape, budget.kind === 'bytes');
    const perRow = (layer: LayerShape) => scorer.bytesPerRow(layer);
    const slots = averageSlots(budget, shape, perRow, scorer.fixedBytes?.(shape));
    return { policy, scorer, layers, heads, slots, updateInterval: updateInterval ?? 1 };
  };
  const policy: EvictionPolicy = {
    name: options.name ?? scorer.name,
    settings,
    probe: scorer.probe,
    ...(updateInterval !== undefined && { updateInterval }),
    start: (shape) => new ScoredState(partsFor(shape), scorer.start(shape)),
    restore(shape, saved) {
      const parts = partsFor(shape);
      return new ScoredState(parts, scorer.restore(shape, saved));
    },
  };
  return policy;
}

interface Parts {
  readonly policy: EvictionPolicy;
  readonly scorer: RowScorer;
  readonly layers: LayerAllocation;
  readonly heads: HeadAllocation;
  readonly slots: (seen: number) => number;
  readonly updateInterval: number;
}

class ScoredState implements PolicyState {
  readonly #parts: Parts;
  readonly #scorer: RowScorerState;
  readonly #top = new TopSlots();
  #scratch: Float64Array[] = [];

  constructor(parts: Parts, scorer: RowScorerState) {
    this.#parts = parts;
    this.#scorer = scorer;
  }

  get bytes(): number {
    return this.#scorer.bytes;
  }

  observe(layer: number, observation: Observation): void {
    this.#scorer.observe(layer, observation);
  }

  async select(view: CacheView, onScores?: ScoreListener): Promise<readonly (KeptSlots | null)[]> {
    const { layers, slots, updateInterval } = this.#parts;
    const perLayer = layers.slots(view.shape.layers.length, slots(view.seen), view.seen);
    const isDue = view.seen % updateInterval === 0;
    const kept = perLayer.map((layerSlots, layer) =>
      isDue ? this.#selectLayer(view, layer, layerSlots, onScores) : null,
    );
    this.#scorer.endPass();
    return kept;
  }

  retain(kept: readonly (KeptSlots | null)[]): void {
    this.#scorer.retain(kept);
  }

  fork(): PolicyState {
    return new ScoredState(this.#parts, this.#scorer.fork());
  }

  save(): SavedState {
    return this.#scorer.save();
  }

  release(): void {
    this.#scorer.release?.();
  }

  #selectLayer(
    view: CacheView,
    layer: number,
    slots: number,
    onScores?: ScoreListener,
  ): KeptSlots | null {
    const { policy, scorer, heads } = this.#parts;
    const lengths = headLengths(view.shape, view, layer);
    const ownSlots = heads.slots({ layer, seen: view.seen, lengths, slots });
    if (ownSlots === null) return null;
    const scores = lengths.map((length, head) => this.#scoresOf(head, length));
    this.#scorer.score(view, layer, ownSlots, scores);
    for (const [head, values] of scores.entries()) {
      if (hasNaN(values)) throw new InvalidScoreError(policy.name, layer, head);
    }
    const protectedRows = ownSlots.map((own) => Math.min(own, scorer.protectedRows(own)));
    for (const [head, values] of scores.entries()) {
      onScores?.(
        layer,
        head,
        values.subarray(0, Math.max(0, values.length - protectedRows[head]!)),
      );
    }
    const counts = heads.counts(scores, ownSlots, protectedRows, this.#top);
    return lengths.map((length, head) => {
      const tail = Math.min(protectedRows[head]!, counts[head]!);
      return this.#top.select(scores[head]!, length - tail, counts[head]! - tail, tail);
    });
  }

  /** A tight array for the scores of a head; the memory behind it is used again and again. */
  #scoresOf(head: number, length: number): Float64Array {
    const scratch = this.#scratch[head];
    if (scratch !== undefined && scratch.length >= length) return scratch.subarray(0, length);
    const larger = new Float64Array(length + (length >>> 2));
    this.#scratch[head] = larger;
    return larger.subarray(0, length);
  }
}

function headLengths(shape: CacheShape, view: CacheView, layer: number): number[] {
  const heads = shape.layers[layer]!.keyValueHeads;
  return Array.from({ length: heads }, (_, head) => view.length(layer, head));
}

/** As `values.some(Number.isNaN)`, at a fraction of the time. */
function hasNaN(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i]!)) return true;
  return false;
}
