import { InvalidArgumentError } from '@namm/core';
import type { CacheView } from '../contracts/eviction-policy.js';
import type { RowScorer, RowScorerState } from '../contracts/row-scorer.js';
import type { SavedState } from '../contracts/saved-state.js';
import { SavedStateReader } from '../saved-state-reader.js';
import { valueNorms } from './row-norms.js';
import { RowTable } from './row-table.js';

const tableName = 'value-norms';

/**
 * Weights the scores of another scorer by the norm of the row's value, score · ‖v_j‖₂: attention to a short value
 * changes little (VATP, Guo et al. 2024, https://arxiv.org/abs/2406.12335, with the 2-norm that kvpress uses). Only for
 * scores that are not negative, such as attention: below 0 a longer value would count against a row. It takes 8 more
 * bytes per row than the other scorer.
 *
 * @param scorer whose scores are not below 0, such as `h2oScorer()`
 * @returns a scorer for {@link scoredPolicy}
 * @throws {InvalidArgumentError} while it scores, for a score below 0
 * @example
 * ```ts
 * const policy = scoredPolicy({ scorer: valueWeighted(snapKVScorer()), budget: '25%' });
 * ```
 */
export function valueWeighted(scorer: RowScorer): RowScorer {
  return {
    name: `value-weighted ${scorer.name}`,
    settings: { scorer: { name: scorer.name, ...scorer.settings } },
    probe: scorer.probe,
    protectedRows: (slots) => scorer.protectedRows(slots),
    bytesPerRow: (layer) => scorer.bytesPerRow(layer) + Float64Array.BYTES_PER_ELEMENT,
    start: (shape) =>
      new State(scorer.name, scorer.start(shape), RowTable.create(shape, Float64Array)),
    restore(shape, saved) {
      const isOwn = ([name]: readonly [string, unknown]) => name.endsWith(`.${tableName}`);
      const reader = new SavedStateReader(new Map([...saved].filter(isOwn)));
      const norms = RowTable.restore(shape, Float64Array, reader, tableName);
      reader.end();
      const others = new Map([...saved].filter((entry) => !isOwn(entry)));
      return new State(scorer.name, scorer.restore(shape, others), norms);
    },
  };
}

class State implements RowScorerState {
  readonly #name: string;
  readonly #inner: RowScorerState;
  readonly #norms: RowTable<Float64Array>;

  constructor(name: string, inner: RowScorerState, norms: RowTable<Float64Array>) {
    this.#name = name;
    this.#inner = inner;
    this.#norms = norms;
  }

  get bytes(): number {
    return this.#inner.bytes + this.#norms.bytes;
  }

  observe(...args: Parameters<RowScorerState['observe']>): void {
    this.#inner.observe(...args);
  }

  score(
    view: CacheView,
    layer: number,
    slots: readonly number[],
    scores: readonly Float64Array[],
  ): void {
    this.#inner.score(view, layer, slots, scores);
    for (const [head, own] of scores.entries()) {
      const norms = this.#norms.head(layer, head);
      const first = norms.length;
      norms.extend(own.length);
      valueNorms(norms.rows, first, { view, layer, head });
      for (let i = 0; i < own.length; i++) {
        if (own[i]! < 0) {
          const problem = `'${this.#name}' gives scores below 0; only attention can be weighted`;
          throw new InvalidArgumentError('scorer', problem);
        }
        own[i] = own[i]! * norms.rows[i]!;
      }
    }
  }

  endPass(): void {
    this.#inner.endPass();
  }

  retain(kept: Parameters<RowScorerState['retain']>[0]): void {
    this.#inner.retain(kept);
    this.#norms.retain(kept);
  }

  fork(): State {
    return new State(this.#name, this.#inner.fork(), this.#norms.fork());
  }

  release(): void {
    this.#inner.release?.();
    this.#norms.clear();
  }

  save(): SavedState {
    return new Map([...this.#inner.save(), ...this.#norms.save(tableName)]);
  }
}
