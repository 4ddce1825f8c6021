import { InvalidScoreError } from '../cache-errors.js';
import type { CacheShape } from '../contracts/cache-shape.js';
import type {
  CacheView,
  KeptSlots,
  PolicyState,
  ScoreListener,
} from '../contracts/eviction-policy.js';
import type { SavedState } from '../contracts/saved-state.js';
import type { SavedStateReader } from '../saved-state-reader.js';
import { bestAcross } from './best-across.js';
import { firstFrom, RowFeatures } from './row-features.js';
import { RowTable } from './row-table.js';
import { scoreTokens, type TaughtMap } from './taught-map.js';
import { TopSlots } from './top-slots.js';

/** What decides beside the scores. */
export interface TaughtBudgetOptions {
  readonly map: TaughtMap;
  readonly recent: number;
  readonly sinks: number;
  /** Rows per head that the budget allows, on average. */
  readonly slots: (seen: number) => number;
}

/** Remembers the score of every row that is held; the best of all heads stay. */
export class TaughtBudgetState implements PolicyState {
  readonly #shape: CacheShape;
  readonly #options: TaughtBudgetOptions;
  readonly #features: RowFeatures;
  readonly #top = new TopSlots();
  readonly #scores: RowTable<Float32Array>;
  /** Tokens whose rows are scored. */
  #scored: number;

  constructor(
    shape: CacheShape,
    options: TaughtBudgetOptions,
    scores: RowTable<Float32Array>,
    scored: number,
  ) {
    this.#shape = shape;
    this.#options = options;
    this.#features = new RowFeatures(shape);
    this.#scores = scores;
    this.#scored = scored;
  }

  static restore(
    shape: CacheShape,
    options: TaughtBudgetOptions,
    reader: SavedStateReader,
  ): TaughtBudgetState {
    const scores = RowTable.restore(shape, Float32Array, reader, 'scores');
    const [scored] = reader.take('scored', Uint32Array, [1]);
    return new TaughtBudgetState(shape, options, scores, scored!);
  }

  get bytes(): number {
    return this.#scores.bytes;
  }

  observe(): void {}

  async select(view: CacheView, onScores?: ScoreListener): Promise<readonly (KeptSlots | null)[]> {
    this.#scoreNew(view);
    const { layers } = this.#shape;
    const slots = this.#options.slots(view.seen);
    const heads = layers.reduce((sum, { keyValueHeads }) => sum + keyValueHeads, 0);
    const recent = Math.min(this.#options.recent, Math.floor(slots / 4));
    const sinks = Math.min(this.#options.sinks, Math.max(0, Math.floor(slots) - recent - 1));
    const most = Math.floor(slots * heads);
    let rows = 0;
    const scores = layers.map(({ keyValueHeads }, layer) =>
      Array.from({ length: keyValueHeads }, (_, head) => {
        rows += view.length(layer, head);
        return this.#scores.head(layer, head).rows;
      }),
    );
    if (rows <= most) return layers.map(() => null);
    const raised = scores.map((layerScores, layer) =>
      layerScores.map((own, head) => {
        const tokens = view.tokens(layer, head);
        onScores?.(layer, head, own.subarray(0, firstFrom(tokens, view.seen - recent)));
        const free = own.slice();
        for (let i = 0; i < free.length; i++) {
          if (Number.isNaN(free[i])) throw new InvalidScoreError('taught', layer, head);
          if (tokens[i]! < sinks || tokens[i]! >= view.seen - recent) free[i] = Infinity;
        }
        return free;
      }),
    );
    return bestAcross(raised, most, this.#top);
  }

  retain(kept: readonly (KeptSlots | null)[]): void {
    this.#scores.retain(kept);
  }

  fork(): TaughtBudgetState {
    return new TaughtBudgetState(this.#shape, this.#options, this.#scores.fork(), this.#scored);
  }

  release(): void {
    this.#scores.clear();
  }

  save(): SavedState {
    return new Map([
      ...this.#scores.save('scores'),
      ['scored', { shape: [1], data: Uint32Array.of(this.#scored) }] as const,
    ]);
  }

  #scoreNew(view: CacheView): void {
    const fresh = scoreTokens(this.#options.map, (layer) =>
      this.#features.read(view, layer, this.#scored),
    );
    for (const [layer, own] of fresh.entries()) {
      for (const [head, scores] of own.entries()) {
        const table = this.#scores.head(layer, head);
        table.extend(view.length(layer, head));
        table.rows.set(scores, table.length - scores.length);
      }
    }
    this.#scored = view.seen;
  }
}
