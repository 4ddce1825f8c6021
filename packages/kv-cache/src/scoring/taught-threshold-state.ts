import type { CacheShape } from '../contracts/cache-shape.js';
import type {
  CacheView,
  KeptSlots,
  PolicyState,
  ScoreListener,
} from '../contracts/eviction-policy.js';
import type { SavedState, StateTensor } from '../contracts/saved-state.js';
import type { SavedStateReader } from '../saved-state-reader.js';
import { firstFrom, RowFeatures } from './row-features.js';
import { scoreTokens, type TaughtMap } from './taught-map.js';

/** What decides beside the scores. */
export interface TaughtThresholdOptions {
  readonly map: TaughtMap;
  readonly threshold: number;
  readonly recent: number;
  readonly sinks: number;
}

/**
 * Remembers the scores of the newest tokens alone, by token: each is judged once, when it leaves them. Tokens keep
 * their numbers whatever is evicted, so there is nothing to do when rows go.
 */
export class TaughtThresholdState implements PolicyState {
  readonly #shape: CacheShape;
  readonly #options: TaughtThresholdOptions;
  readonly #features: RowFeatures;
  /** Scores of the tokens from `judged` to `scored`, per layer and head. */
  #pending: Float32Array[][];
  /** Tokens below it have been judged. */
  #judged: number;
  #scored: number;

  private constructor(
    shape: CacheShape,
    options: TaughtThresholdOptions,
    pending: Float32Array[][],
    judged: number,
    scored: number,
  ) {
    this.#shape = shape;
    this.#options = options;
    this.#features = new RowFeatures(shape);
    this.#pending = pending;
    this.#judged = judged;
    this.#scored = scored;
  }

  static start(shape: CacheShape, options: TaughtThresholdOptions): TaughtThresholdState {
    const none = ({ keyValueHeads }: { readonly keyValueHeads: number }) =>
      Array.from({ length: keyValueHeads }, () => new Float32Array(0));
    return new TaughtThresholdState(shape, options, shape.layers.map(none), 0, 0);
  }

  static restore(
    shape: CacheShape,
    options: TaughtThresholdOptions,
    reader: SavedStateReader,
  ): TaughtThresholdState {
    const [judged, scored] = reader.take('tokens', Uint32Array, [2]);
    const pending = shape.layers.map(({ keyValueHeads }, layer) =>
      Array.from({ length: keyValueHeads }, (_, head) =>
        reader.take(nameOf(layer, head), Float32Array, [scored! - judged!]),
      ),
    );
    return new TaughtThresholdState(shape, options, pending, judged!, scored!);
  }

  get bytes(): number {
    return 4 * this.#pending.flat().reduce((sum, { length }) => sum + length, 0);
  }

  observe(): void {}

  async select(view: CacheView, onScores?: ScoreListener): Promise<readonly (KeptSlots | null)[]> {
    this.#scoreNew(view);
    const { recent, sinks, threshold } = this.#options;
    const end = Math.max(this.#judged, view.seen - recent);
    const kept = this.#pending.map((heads, layer) => {
      let losesRows = false;
      const slots = heads.map((scores, head) => {
        const tokens = view.tokens(layer, head);
        const first = firstFrom(tokens, this.#judged);
        const last = firstFrom(tokens, end);
        const scoreOf = (slot: number) => scores[tokens[slot]! - this.#judged]!;
        if (onScores && first < last) onScores(layer, head, judgedScores(first, last, scoreOf));
        const own = new Uint32Array(tokens.length);
        let count = 0;
        for (let slot = 0; slot < tokens.length; slot++) {
          const isJudged = slot >= first && slot < last && tokens[slot]! >= sinks;
          if (!isJudged || scoreOf(slot) >= threshold) own[count++] = slot;
        }
        losesRows ||= count < tokens.length;
        return own.subarray(0, count);
      });
      return losesRows ? slots : null;
    });
    const gone = end - this.#judged;
    this.#pending = this.#pending.map((heads) => heads.map((scores) => scores.slice(gone)));
    this.#judged = end;
    return kept;
  }

  retain(): void {}

  fork(): TaughtThresholdState {
    const pending = this.#pending.map((heads) => heads.map((scores) => scores.slice()));
    return new TaughtThresholdState(
      this.#shape,
      this.#options,
      pending,
      this.#judged,
      this.#scored,
    );
  }

  save(): SavedState {
    const tensors = this.#pending.flatMap((heads, layer) =>
      heads.map((scores, head): [string, StateTensor] => [
        nameOf(layer, head),
        { shape: [scores.length], data: scores.slice() },
      ]),
    );
    const tokens = { shape: [2], data: Uint32Array.of(this.#judged, this.#scored) };
    return new Map([...tensors, ['tokens', tokens]]);
  }

  #scoreNew(view: CacheView): void {
    const count = view.seen - this.#judged;
    const fresh = scoreTokens(this.#options.map, (layer) =>
      this.#features.read(view, layer, this.#scored),
    );
    this.#pending = this.#pending.map((heads, layer) =>
      heads.map((old, head) => {
        const own = fresh[layer]![head]!;
        const scores = new Float32Array(count); // rows that a window has dropped have none
        scores.set(old);
        scores.set(own, count - own.length);
        return scores;
      }),
    );
    this.#scored = view.seen;
  }
}

/** Scores of the rows up to those that are judged now; rows before them were judged earlier. */
function judgedScores(first: number, last: number, scoreOf: (slot: number) => number) {
  const scores = new Float32Array(last).fill(Number.NaN, 0, first);
  for (let slot = first; slot < last; slot++) scores[slot] = scoreOf(slot);
  return scores;
}

function nameOf(layer: number, head: number): string {
  return `layers.${layer}.heads.${head}.pending`;
}
