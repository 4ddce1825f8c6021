import type { FloatArray } from '@namm/core';
import type { CacheShape } from '../contracts/cache-shape.js';
import type { CacheView, KeptSlots } from '../contracts/eviction-policy.js';
import type { Observation } from '../contracts/probe.js';
import type { RowScorerState } from '../contracts/row-scorer.js';
import type { SavedState } from '../contracts/saved-state.js';
import { RowTable } from './row-table.js';

/** What the last query of the pass under way gave to every row; between passes it remembers nothing. */
export class TovaState implements RowScorerState {
  readonly #shape: CacheShape;
  /** Summed over the query heads of each group. */
  readonly #received: RowTable<Float64Array>;

  private constructor(shape: CacheShape, received: RowTable<Float64Array>) {
    this.#shape = shape;
    this.#received = received;
  }

  static start(shape: CacheShape): TovaState {
    return new TovaState(shape, RowTable.create(shape, Float64Array));
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
      received.array.fill(0); // that of an earlier pass, after which nothing was chosen
      addRows(attention, received.length, received.array);
    }
  }

  score(
    view: CacheView,
    layer: number,
    _slots: readonly number[],
    scores: readonly Float64Array[],
  ): void {
    const { queryHeads } = view.shape.layers[layer]!;
    const received = scores.map((_, head) => this.#received.head(layer, head).array);
    const positions = scores.map((_, head) => view.tokens(layer, head));
    if (positions.every((own) => isSame(own, positions[0]!))) {
      // A slot is the same token in every head, so that slots can be added up.
      const [first, ...others] = scores;
      const length = first!.length;
      first!.fill(0);
      for (const array of received) addRows(array.subarray(0, length), length, first!);
      for (let i = 0; i < length; i++) first![i]! /= queryHeads;
      for (const target of others) target.set(first!);
      return;
    }
    const totals = new Map<number, number>();
    for (const [head, own] of positions.entries()) {
      for (const [slot, position] of own.entries()) {
        totals.set(position, (totals.get(position) ?? 0) + received[head]![slot]!);
      }
    }
    for (const [head, target] of scores.entries()) {
      const own = positions[head]!;
      for (const [slot, position] of own.entries())
        target[slot] = totals.get(position)! / queryHeads;
    }
  }

  endPass(): void {
    this.#received.clear();
  }

  retain(kept: readonly (KeptSlots | null)[]): void {
    this.#received.retain(kept);
  }

  fork(): RowScorerState {
    return new TovaState(this.#shape, this.#received.fork());
  }

  release(): void {
    this.#received.clear();
  }

  save(): SavedState {
    return new Map();
  }
}

/** Adds the rows of `[rows, slots]` to `[slots]`. */
function addRows(rows: FloatArray, slots: number, target: Float64Array): void {
  for (let start = 0; start < rows.length; start += slots) {
    for (let i = 0; i < slots; i++) target[i]! += rows[start + i]!;
  }
}

function isSame(a: Int32Array, b: Int32Array): boolean {
  return a === b || (a.length === b.length && a.every((position, i) => position === b[i]));
}
