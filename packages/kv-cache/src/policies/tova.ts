import type { BudgetInput } from '../budget.js';
import type { CacheShape } from '../cache-shape.js';
import type {
  CacheView,
  EvictionPolicy,
  FloatArray,
  KeptSlots,
  Observation,
} from '../eviction-policy.js';
import { RowTable } from '../scoring/row-table.js';
import { scoredPolicy } from '../scoring/scored-policy.js';
import type { Scorer, ScorerState } from '../scoring/scorer.js';

/** Options of {@link tova}. */
export interface TovaOptions {
  readonly budget: BudgetInput;
  /**
   * Whether the newest token always stays, as in kvpress. The original may evict it.
   * @defaultValue true
   */
  readonly protectLast?: boolean;
}

/**
 * Token omission via attention (TOVA, Oren et al. 2024, https://arxiv.org/abs/2401.06104): keeps the
 * tokens that the newest query attends to most, s[j] = mean of A[last query, g, j] over **all** query
 * heads g of the layer. All heads of a layer keep the same tokens.
 *
 * Heads whose rows differ (after an eviction by hand) are aligned by position: a head that no longer
 * holds a token gives it no attention, and each head keeps the best of the tokens that it holds.
 *
 * @throws {InvalidArgumentError} for a bad budget
 * @example
 * ```ts
 * const policy = tova({ budget: 512 });
 * ```
 */
export function tova({ budget, protectLast }: TovaOptions): EvictionPolicy {
  return scoredPolicy({ scorer: tovaScorer(protectLast), budget });
}

/** The scorer of {@link tova}. */
export function tovaScorer(protectLast = true): Scorer {
  return {
    name: 'tova',
    probe: { kind: 'lastQueries', count: 1 },
    protectedRows: () => (protectLast ? 1 : 0),
    bytesPerRow: () => 0, // the last attention is forgotten when the pass is over
    start: (shape) => new TovaState(shape),
  };
}

class TovaState implements ScorerState {
  readonly #shape: CacheShape;
  /** Attention of the last query, summed over the query heads of each group. */
  #received: RowTable<Float64Array>;

  constructor(shape: CacheShape) {
    this.#shape = shape;
    this.#received = RowTable.create(shape, (length) => new Float64Array(length));
  }

  get bytes(): number {
    return this.#received.bytes;
  }

  observe(layer: number, observation: Observation): void {
    const { keyValueHeads, queryHeads } = this.#shape.layers[layer]!;
    const group = queryHeads / keyValueHeads;
    for (const [head, attention] of observation.heads.entries()) {
      const received = this.#received.head(layer, head);
      received.extend(attention.length / group);
      addRows(attention, received.array, received.length);
    }
  }

  score(view: CacheView, layer: number, _slots: number, scores: readonly Float64Array[]): void {
    const { queryHeads } = view.shape.layers[layer]!;
    const received = scores.map((_, head) => this.#received.head(layer, head).array);
    const positions = scores.map((_, head) => view.positions(layer, head));
    if (positions.every((own) => isSame(own, positions[0]!))) {
      // A slot is the same token in every head, so that slots can be added up.
      for (const target of scores) {
        target.fill(0);
        for (const array of received) {
          for (let i = 0; i < target.length; i++) target[i]! += array[i]! / queryHeads;
        }
      }
      return;
    }
    const totals = new Map<number, number>();
    for (const [head, own] of positions.entries()) {
      for (const [i, position] of own.entries()) {
        totals.set(position, (totals.get(position) ?? 0) + received[head]![i]! / queryHeads);
      }
    }
    for (const [head, target] of scores.entries()) {
      for (const [i, position] of positions[head]!.entries()) target[i] = totals.get(position)!;
    }
  }

  endPass(): void {
    this.#received.clear();
  }

  compact(kept: readonly (KeptSlots | null)[]): void {
    this.#received.compact(kept);
  }

  fork(): ScorerState {
    const copy = new TovaState(this.#shape);
    copy.#received = this.#received.fork();
    return copy;
  }
}

/** Adds the rows of `[group, slots]` to `[slots]`. */
function addRows(rows: FloatArray, target: Float64Array, slots: number): void {
  for (let i = 0; i < rows.length; i++) target[i % slots]! += rows[i]!;
}

function isSame(a: Int32Array, b: Int32Array): boolean {
  return a === b || (a.length === b.length && a.every((position, i) => position === b[i]));
}
