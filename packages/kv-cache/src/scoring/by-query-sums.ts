import type { CacheShape } from '../contracts/cache-shape.js';
import type { CacheView } from '../contracts/eviction-policy.js';
import type { Observation } from '../contracts/probe.js';
import type { RowScorer, RowScorerState } from '../contracts/row-scorer.js';
import type { SavedState } from '../contracts/saved-state.js';
import { SavedStateReader } from '../saved-state-reader.js';
import { QuerySums, type QuerySumsOptions } from './query-sums.js';
import { mustKnowRotation } from './rotate-rows.js';

/** How a policy scores rows by what it has summed over queries. */
export interface QuerySumsRule extends QuerySumsOptions {
  /** Of the policy. */
  readonly name: string;
  /** As {@link RowScorerState.score}. */
  score(
    sums: QuerySums,
    view: CacheView,
    layer: number,
    slots: readonly number[],
    scores: readonly Float64Array[],
  ): void;
}

/** Remembers sums over all queries, and nothing per row. */
class QuerySumsState implements RowScorerState {
  readonly #rule: QuerySumsRule;
  readonly #sums: QuerySums;

  private constructor(rule: QuerySumsRule, sums: QuerySums) {
    this.#rule = rule;
    this.#sums = sums;
  }

  /** @throws {InvalidArgumentError} when keys are rotated in a way that cannot be told */
  static start(shape: CacheShape, rule: QuerySumsRule): QuerySumsState {
    mustKnowRotation(shape, rule.name);
    return new QuerySumsState(rule, QuerySums.start(shape, rule));
  }

  static restore(shape: CacheShape, rule: QuerySumsRule, saved: SavedState): QuerySumsState {
    mustKnowRotation(shape, rule.name);
    const reader = new SavedStateReader(saved);
    const sums = QuerySums.restore(shape, rule, reader);
    reader.end();
    return new QuerySumsState(rule, sums);
  }

  get bytes(): number {
    return this.#sums.bytes;
  }

  observe(layer: number, observation: Observation): void {
    this.#sums.observe(layer, observation);
  }

  score(
    view: CacheView,
    layer: number,
    slots: readonly number[],
    scores: readonly Float64Array[],
  ): void {
    this.#rule.score(this.#sums, view, layer, slots, scores);
  }

  endPass(): void {}

  retain(): void {}

  fork(): QuerySumsState {
    return new QuerySumsState(this.#rule, this.#sums.fork());
  }

  save(): SavedState {
    return this.#sums.save();
  }
}

/** All of a scorer that does not depend on its rule. */
export function byQuerySums(
  rule: QuerySumsRule,
): Pick<RowScorer, 'name' | 'probe' | 'bytesPerRow' | 'fixedBytes' | 'start' | 'restore'> {
  return {
    name: rule.name,
    probe: { kind: 'queries' },
    bytesPerRow: () => 0,
    fixedBytes: (shape) => QuerySums.bytes(shape, rule),
    start: (shape) => QuerySumsState.start(shape, rule),
    restore: (shape, saved) => QuerySumsState.restore(shape, rule, saved),
  };
}
