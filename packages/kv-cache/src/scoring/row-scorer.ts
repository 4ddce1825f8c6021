import type { FloatArray } from '@namm/core';
import { checkNames, InvalidArgumentError } from '@namm/core';
import type { CacheShape } from '../contracts/cache-shape.js';
import type { CacheView, PolicySettings } from '../contracts/eviction-policy.js';
import type { Probe } from '../contracts/probe.js';
import type { RowScorer, RowScorerState } from '../contracts/row-scorer.js';
import { SavedStateReader } from '../saved-state-reader.js';
import { RowTable } from './row-table.js';
import type { RowArray, RowArrayType } from './row-values.js';

/** One head of a cache, with rows to score. */
export interface ScoredHead {
  readonly view: CacheView;
  readonly layer: number;
  readonly head: number;
  /** Rows that it may keep. */
  readonly slots: number;
}

/** Parts of a {@link rowScorer}. */
export interface RowScorerParts<T extends RowArray = Float64Array> {
  readonly name: string;
  /**
   * Everything besides the name that affects scores, as plain JSON data.
   * @defaultValue nothing
   */
  readonly settings?: PolicySettings;
  /**
   * Number of newest rows of a head that stay whatever their score, given the slots that it may keep.
   * @defaultValue 0
   */
  readonly protectedRows?: (slots: number) => number;
  /**
   * Array type of the number to remember per row, such as Float64Array.
   * @defaultValue nothing is remembered
   */
  readonly memory?: RowArrayType<T>;
  /** Writes the numbers of new rows, `numbers[first …]`, which start at 0. Called once per row. */
  readonly begin?: (numbers: T, first: number, head: ScoredHead) => void;
  /**
   * Receives the attention that each row of a head got in a pass; the numbers of new rows start at 0. The policy then
   * needs the probe `columnSums`.
   */
  readonly observe?: (numbers: T, received: FloatArray) => void;
  /** Writes the scores of a head's rows, `[length]`; `numbers` has the same length, or is empty without memory. */
  readonly score: (scores: Float64Array, numbers: T, head: ScoredHead) => void;
}

/**
 * Makes a scorer from its specific parts: how a row's number starts, how attention changes it, and the score. Growth,
 * eviction, forks, files and memory reports are handled for you.
 *
 * @param parts of the scorer
 * @returns a scorer for {@link scoredPolicy}
 * @throws {InvalidArgumentError} for an unknown part, or numbers without memory
 * @example
 * ```ts
 * const keepsLongKeys = rowScorer({
 *   name: 'long-keys',
 *   score: (scores, _, { view, layer, head }) => {
 *     const keys = view.keys(layer, head);
 *     const size = keys.length / scores.length;
 *     for (let i = 0; i < scores.length; i++) scores[i] = Math.hypot(...keys.subarray(i * size, (i + 1) * size));
 *   },
 * });
 * ```
 */
export function rowScorer<T extends RowArray = Float64Array>(parts: RowScorerParts<T>): RowScorer {
  const known = [
    'name',
    'settings',
    'protectedRows',
    'memory',
    'begin',
    'observe',
    'score',
  ] as const;
  checkNames('rowScorer', parts, known);
  const { name, settings = {}, protectedRows = () => 0, memory, begin, observe } = parts;
  if (memory === undefined && (begin !== undefined || observe !== undefined)) {
    throw new InvalidArgumentError('memory', 'is missing: begin and observe write numbers per row');
  }
  const probe: Probe = { kind: observe === undefined ? 'none' : 'columnSums' };
  const start = (shape: CacheShape) =>
    new State(parts, memory === undefined ? null : RowTable.create(shape, memory));
  return {
    name,
    settings,
    probe,
    protectedRows,
    bytesPerRow: () => (memory === undefined ? 0 : new memory(1).byteLength),
    start,
    restore(shape, saved) {
      const reader = new SavedStateReader(saved);
      const table = memory && RowTable.restore(shape, memory, reader, 'numbers');
      reader.end();
      return new State(parts, table ?? null);
    },
  };
}

/** The numbers of one sequence. */
class State<T extends RowArray> implements RowScorerState {
  readonly #parts: RowScorerParts<T>;
  readonly #table: RowTable<T> | null;

  constructor(parts: RowScorerParts<T>, table: RowTable<T> | null) {
    this.#parts = parts;
    this.#table = table;
  }

  get bytes(): number {
    return this.#table?.bytes ?? 0;
  }

  observe(layer: number, { heads }: { readonly heads: readonly FloatArray[] }): void {
    for (const [head, received] of heads.entries()) {
      const values = this.#table!.head(layer, head);
      values.extend(received.length);
      this.#parts.observe!(values.array, received);
    }
  }

  score(
    view: CacheView,
    layer: number,
    slots: readonly number[],
    scores: readonly Float64Array[],
  ): void {
    const { begin, score } = this.#parts;
    for (const [head, target] of scores.entries()) {
      const at = { view, layer, head, slots: slots[head]! };
      const values = this.#table?.head(layer, head);
      if (values !== undefined && values.length < target.length) {
        const first = values.length;
        values.extend(target.length);
        begin?.(values.array, first, at);
      }
      score(target, values?.array ?? (nothing as T), at);
    }
  }

  endPass(): void {}

  retain(kept: Parameters<RowScorerState['retain']>[0]): void {
    this.#table?.retain(kept);
  }

  fork(): State<T> {
    return new State(this.#parts, this.#table?.fork() ?? null);
  }

  save(): ReturnType<RowScorerState['save']> {
    return new Map(this.#table?.save('numbers') ?? []);
  }

  release(): void {
    this.#table?.clear();
  }
}

const nothing = new Float64Array(0);
