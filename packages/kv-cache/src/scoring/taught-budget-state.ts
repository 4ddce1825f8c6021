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
import { bestOfJoined } from './best-across.js';
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
  /** Memory for the scores of all rows, used again and again. */
  #joined = new Float64Array(0);
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
    const lengths = layers.map(({ keyValueHeads }, layer) =>
      Array.from({ length: keyValueHeads }, (_, head) => {
        const length = view.length(layer, head);
        rows += length;
        return length;
      }),
    );
    if (rows <= most) return layers.map(() => null);
    if (this.#joined.length < rows) this.#joined = new Float64Array(rows + (rows >>> 2));
    const joined = this.#joined;
    let end = 0;
    for (const [layer, heads] of lengths.entries()) {
      for (const [head, length] of heads.entries()) {
        const own = this.#scores.head(layer, head).rows;
        const tokens = view.tokens(layer, head);
        const [first, last] = [firstFrom(tokens, sinks), firstFrom(tokens, view.seen - recent)];
        onScores?.(layer, head, own.subarray(0, last));
        for (let i = first; i < last; i++) {
          const score = own[i]!;
          if (Number.isNaN(score)) throw new InvalidScoreError('taught', layer, head);
          joined[end + i] = score;
        }
        joined.fill(Infinity, end, end + first);
        joined.fill(Infinity, end + Math.max(first, last), end + length);
        end += length;
      }
    }
    return bestOfJoined(joined, lengths, most, this.#top);
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
