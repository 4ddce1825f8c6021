import { checkChoice, checkInteger, checkNames } from '@namm/core';
import type { CacheView, RowScorer, RowScorerState } from '@namm/kv-cache';
import { type RowKind, rowKindsOf } from '../row-kinds.js';

/** Options of {@link protectSteps}. */
export interface ProtectStepsOptions {
  /**
   * Number of newest steps whose rows stay, including the current one.
   * @defaultValue 1
   */
  readonly steps?: number | 'all';
  /**
   * Kinds of rows that stay.
   * @defaultValue all kinds
   */
  readonly kinds?: readonly RowKind[];
}

const allKinds: readonly RowKind[] = ['return', 'state', 'action'];

/**
 * A scorer that always keeps rows of some kinds of the newest steps, as far as a head has slots for them, newest first.
 * Other rows are scored as before.
 *
 * @param scorer any scorer
 * @param options which rows
 * @returns a scorer for `scoredPolicy`
 * @throws {InvalidArgumentError} for a bad option; `start` for a cache whose rows have no kinds
 *
 * @example
 * ```ts
 * const scorer = protectSteps(randomScorer(7)); // random, but the present step stays
 * const policy = scoredPolicy({ scorer, budget: 60, name: 'random-newest-step' });
 * ```
 */
export function protectSteps(scorer: RowScorer, options: ProtectStepsOptions = {}): RowScorer {
  checkNames('protectSteps', options, ['steps', 'kinds']);
  const { steps = 1, kinds = allKinds } = options;
  if (steps !== 'all') checkInteger('steps', steps, 1);
  for (const kind of kinds) checkChoice('kinds', kind, allKinds);
  const protects = (view: CacheView) => {
    const period = rowKindsOf(view.shape).map((kind) => kinds.includes(kind));
    const newest = Math.floor((view.seen - 1) / period.length);
    const oldest = steps === 'all' ? 0 : newest - steps + 1;
    return (token: number) =>
      period[token % period.length]! && Math.floor(token / period.length) >= oldest;
  };
  const tail = (slots: number) => Math.min(slots, scorer.protectedRows(slots));
  return {
    ...scorer,
    name: `${scorer.name}-protected`,
    settings: { scorer: { name: scorer.name, ...scorer.settings }, steps, kinds },
    start(shape) {
      rowKindsOf(shape);
      return new State(scorer.start(shape), protects, tail);
    },
    restore: (shape, saved) => new State(scorer.restore(shape, saved), protects, tail),
  };
}

/** The scorer's own state; which rows are protected follows from their tokens. */
class State implements RowScorerState {
  readonly #scorer: RowScorerState;
  readonly #protects: (view: CacheView) => (token: number) => boolean;
  /** Newest rows that the scorer itself protects. */
  readonly #tail: (slots: number) => number;

  constructor(
    scorer: RowScorerState,
    protects: (view: CacheView) => (token: number) => boolean,
    tail: (slots: number) => number,
  ) {
    this.#scorer = scorer;
    this.#protects = protects;
    this.#tail = tail;
  }

  get bytes(): number {
    return this.#scorer.bytes;
  }

  observe(...observation: Parameters<RowScorerState['observe']>): void {
    this.#scorer.observe(...observation);
  }

  score(
    view: CacheView,
    layer: number,
    slots: readonly number[],
    scores: readonly Float64Array[],
  ): void {
    this.#scorer.score(view, layer, slots, scores);
    const isProtected = this.#protects(view);
    for (const [head, values] of scores.entries()) {
      const tokens = view.tokens(layer, head);
      const tail = this.#tail(slots[head]!);
      let left = slots[head]! - tail;
      for (let slot = values.length - tail - 1; slot >= 0; slot--) {
        // Equal scores are resolved oldest first, so only what is protected may be infinite.
        if (values[slot]! > Number.MAX_VALUE) values[slot] = Number.MAX_VALUE;
        if (left <= 0 || !isProtected(tokens[slot]!)) continue;
        values[slot] = Number.POSITIVE_INFINITY;
        left--;
      }
    }
  }

  endPass(): void {
    this.#scorer.endPass();
  }

  retain(kept: Parameters<RowScorerState['retain']>[0]): void {
    this.#scorer.retain(kept);
  }

  fork(): RowScorerState {
    return new State(this.#scorer.fork(), this.#protects, this.#tail);
  }

  save(): ReturnType<RowScorerState['save']> {
    return this.#scorer.save();
  }
}
