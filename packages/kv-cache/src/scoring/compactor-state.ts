import type { CacheShape, LayerShape } from '../contracts/cache-shape.js';
import type { CacheView, KeptSlots } from '../contracts/eviction-policy.js';
import type { Observation } from '../contracts/probe.js';
import type { RowScorerState } from '../contracts/row-scorer.js';
import type { SavedState, StateTensor } from '../contracts/saved-state.js';
import { badState, SavedStateReader } from '../saved-state-reader.js';
import { leverageScores, randomDirections } from './leverage-scores.js';
import { poolRows } from './pool-rows.js';
import {
  knownRotation,
  meanRotation,
  mustKnowRotation,
  rotateRow,
  unrotateRow,
} from './rotate-rows.js';
import { firstFrom } from './row-features.js';
import { valueNorms } from './row-norms.js';
import { RowTable } from './row-table.js';

/** Settings of Compactor, all resolved. */
export interface CompactorSettings {
  readonly blending: number;
  readonly chunk: number;
  readonly sketch: number;
  readonly seed: number;
  readonly sinks: number;
  readonly recent: number;
}

/** Neighbours over which attention is averaged. */
const kernel = 3;
/** Scores that vary less are all the same. */
const leastDeviation = 1e-6;

/** Queries of tokens that are not judged yet: of the tokens from `from` on, `[tokens, headSize]` per query head. */
interface Pending {
  readonly from: number;
  readonly heads: readonly Float32Array[];
}

/** The attention that each judged row received, times the norm of its value; and the queries of the others. */
export class CompactorState implements RowScorerState {
  readonly #shape: CacheShape;
  readonly #settings: CompactorSettings;
  readonly #received: RowTable<Float64Array>;
  readonly #pending: Pending[];

  private constructor(
    shape: CacheShape,
    settings: CompactorSettings,
    received: RowTable<Float64Array>,
    pending: Pending[],
  ) {
    this.#shape = shape;
    this.#settings = settings;
    this.#received = received;
    this.#pending = pending;
  }

  /** @throws {InvalidArgumentError} when keys are rotated in a way that cannot be told */
  static start(shape: CacheShape, settings: CompactorSettings): CompactorState {
    mustKnowRotation(shape, 'compactor');
    const pending = shape.layers.map(({ queryHeads }) => {
      return { from: 0, heads: Array.from({ length: queryHeads }, () => new Float32Array(0)) };
    });
    return new CompactorState(shape, settings, RowTable.create(shape, Float64Array), pending);
  }

  static restore(
    shape: CacheShape,
    settings: CompactorSettings,
    saved: SavedState,
  ): CompactorState {
    mustKnowRotation(shape, 'compactor');
    const reader = new SavedStateReader(saved);
    const received = RowTable.restore(shape, Float64Array, reader, 'received');
    const from = reader.take('from', Float64Array, [shape.layers.length]);
    const wrong = from.find((token) => !Number.isSafeInteger(token) || token < 0);
    if (wrong !== undefined) throw badState(`begins at token ${wrong}`);
    const pending = shape.layers.map(({ queryHeads, headSize }, layer) => {
      const heads = Array.from({ length: queryHeads }, (_, head) =>
        reader.take(nameOf(layer, head), Float32Array, [null, headSize]),
      );
      return { from: from[layer]!, heads };
    });
    reader.end();
    return new CompactorState(shape, settings, received, pending);
  }

  /** At most: that of a row that was judged, and the queries of one that was not. */
  static bytesPerRow({ queryHeads, keyValueHeads, headSize }: LayerShape): number {
    return 8 + (4 * headSize * queryHeads) / keyValueHeads;
  }

  /** The queries of the newest tokens, whose rows may be gone. */
  static fixedBytes({ layers }: CacheShape, { recent }: CompactorSettings): number {
    return layers.reduce((sum, layer) => sum + 4 * recent * layer.queryHeads * layer.headSize, 0);
  }

  get bytes(): number {
    const waiting = this.#pending.flatMap(({ heads }) => heads.map((own) => own.byteLength));
    return waiting.reduce((sum, bytes) => sum + bytes, this.#received.bytes);
  }

  observe(layer: number, observation: Observation): void {
    if (observation.kind !== 'queries') return; // the cache has checked that it is
    const { from, heads } = this.#pending[layer]!;
    const group = heads.length / observation.heads.length;
    const { headSize, window } = this.#shape.layers[layer]!;
    const size = observation.queries * headSize;
    // Of tokens that have left the window nothing is held any more.
    const gone = Math.max(
      0,
      heads[0]!.length / headSize + observation.queries - (window ?? Infinity),
    );
    const longer = heads.map((old, queryHead) => {
      const fresh = observation.heads[Math.floor(queryHead / group)]!;
      const at = (queryHead % group) * size;
      const all = new Float32Array(old.length + size);
      all.set(old);
      all.set(fresh.subarray(at, at + size), old.length);
      return gone > 0 ? all.slice(gone * headSize) : all;
    });
    this.#pending[layer] = { from: from + gone, heads: longer };
  }

  score(
    view: CacheView,
    layer: number,
    _slots: readonly number[],
    scores: readonly Float64Array[],
  ): void {
    const { sinks, recent, blending, sketch, seed } = this.#settings;
    const { headSize } = this.#shape.layers[layer]!;
    const end = Math.max(0, view.seen - recent);
    this.#judge(view, layer, end);
    const directions = randomDirections(headSize, sketch, seed);
    const rows = scores.map((_, head) => {
      const tokens = view.tokens(layer, head);
      return { first: firstFrom(tokens, sinks), last: firstFrom(tokens, Math.max(sinks, end)) };
    });
    const attention = rows.map(({ first, last }, head) => {
      const pooled = new Float64Array(last - first);
      const { rows: received } = this.#received.head(layer, head);
      poolRows(received.slice(first, last), pooled.length, kernel, 'average', pooled);
      return pooled;
    });
    const leverage = rows.map(({ first, last }, head) => {
      if (last === first) return new Float64Array(0);
      return leverageScores(plainKeys(view, layer, head, first, last), headSize, directions);
    });
    normalise(attention);
    normalise(leverage);
    for (const [head, own] of scores.entries()) {
      own.fill(Infinity);
      const { first } = rows[head]!;
      for (const [i, received] of attention[head]!.entries()) {
        own[first + i] = blending * leverage[head]![i]! + received;
      }
    }
  }

  endPass(): void {}

  retain(kept: readonly (KeptSlots | null)[]): void {
    this.#received.retain(kept);
  }

  fork(): CompactorState {
    return new CompactorState(this.#shape, this.#settings, this.#received.fork(), [
      ...this.#pending,
    ]);
  }

  release(): void {
    this.#received.clear();
  }

  save(): SavedState {
    const from = Float64Array.from(this.#pending, (own) => own.from);
    const pending = this.#pending.flatMap(({ heads }, layer) => {
      const { headSize } = this.#shape.layers[layer]!;
      return heads.map((own, head): [string, StateTensor] => [
        nameOf(layer, head),
        { shape: [own.length / headSize, headSize], data: own.slice() },
      ]);
    });
    return new Map<string, StateTensor>([
      ...this.#received.save('received'),
      ...pending,
      ['from', { shape: [from.length], data: from }],
    ]);
  }

  /** Judges the rows whose tokens are below `end`, chunk by chunk, and forgets their queries. */
  #judge(view: CacheView, layer: number, end: number): void {
    const { chunk, sinks } = this.#settings;
    const { headSize, queryHeads, keyValueHeads } = this.#shape.layers[layer]!;
    const { from, heads } = this.#pending[layer]!;
    const group = queryHeads / keyValueHeads;
    for (let head = 0; head < keyValueHeads; head++) {
      const received = this.#received.head(layer, head);
      const tokens = view.tokens(layer, head);
      received.extend(tokens.length);
      const norms = new Float64Array(tokens.length);
      valueNorms(norms, 0, { view, layer, head });
      for (let start = Math.max(from, sinks); start < end; start += chunk) {
        const first = firstFrom(tokens, start);
        const last = firstFrom(tokens, Math.min(end, start + chunk));
        for (let member = 0; member < group; member++) {
          const queries = heads[head * group + member]!;
          const own = queriesOf(view, layer, head, { first, last, from, queries });
          addColumnSums(received.rows, view, layer, head, { first, last, queries: own, group });
        }
        for (let slot = first; slot < last; slot++) received.rows[slot]! *= norms[slot]!;
      }
    }
    if (end <= from) return;
    const gone = (end - from) * headSize;
    this.#pending[layer] = { from: end, heads: heads.map((own) => own.slice(gone)) };
  }
}

/** The queries of some rows of a head, rotated to the positions of these, `[rows, headSize]`. */
function queriesOf(
  view: CacheView,
  layer: number,
  head: number,
  rows: { first: number; last: number; from: number; queries: Float32Array },
): Float64Array {
  const { headSize, rotation } = view.shape.layers[layer]!;
  const known = knownRotation(rotation);
  const [tokens, positions] = [view.tokens(layer, head), view.positions(layer, head)];
  const all = new Float64Array((rows.last - rows.first) * headSize);
  for (let slot = rows.first; slot < rows.last; slot++) {
    const to = (slot - rows.first) * headSize;
    const at = (tokens[slot]! - rows.from) * headSize;
    all.set(rows.queries.subarray(at, at + headSize), to);
    if (known !== null) rotateRow(all, to, meanRotation(known, [positions[slot]!]));
  }
  return all;
}

/** Adds what the rows of a chunk receive when all of them attend to all, over the members of the group. */
function addColumnSums(
  received: Float64Array,
  view: CacheView,
  layer: number,
  head: number,
  at: { first: number; last: number; queries: Float64Array; group: number },
): void {
  const { headSize: size } = view.shape.layers[layer]!;
  const keys = view.keys(layer, head);
  const count = at.last - at.first;
  const weights = new Float64Array(count);
  for (let query = 0; query < count; query++) {
    let most = -Infinity;
    for (let row = 0; row < count; row++) {
      let dot = 0;
      for (let d = 0; d < size; d++) {
        dot += at.queries[query * size + d]! * keys[(at.first + row) * size + d]!;
      }
      weights[row] = dot;
      most = Math.max(most, dot);
    }
    let total = 0;
    for (let row = 0; row < count; row++) {
      weights[row] = Math.exp(weights[row]! - most);
      total += weights[row]!;
    }
    for (let row = 0; row < count; row++) {
      received[at.first + row]! += weights[row]! / total / at.group;
    }
  }
}

/** Keys of some rows with their rotation taken back. */
function plainKeys(
  view: CacheView,
  layer: number,
  head: number,
  first: number,
  last: number,
): Float64Array {
  const { headSize, rotation } = view.shape.layers[layer]!;
  const known = knownRotation(rotation);
  const positions = view.positions(layer, head);
  const keys = Float64Array.from(
    view.keys(layer, head).subarray(first * headSize, last * headSize),
  );
  if (known === null) return keys;
  for (let slot = first; slot < last; slot++) {
    unrotateRow(keys, (slot - first) * headSize, known, positions[slot]!);
  }
  return keys;
}

/** Takes off the mean over all heads together, and divides by the deviation. */
function normalise(heads: readonly Float64Array[]): void {
  const count = heads.reduce((sum, { length }) => sum + length, 0);
  const sumOf = (of: (value: number) => number) =>
    heads.reduce((sum, own) => own.reduce((total, value) => total + of(value), sum), 0);
  const mean = sumOf((value) => value) / count;
  const variance = sumOf((value) => (value - mean) ** 2) / Math.max(1, count - 1);
  const deviation = Math.max(leastDeviation, Math.sqrt(variance));
  for (const own of heads) {
    for (const [i, value] of own.entries()) own[i] = (value - mean) / deviation;
  }
}

const nameOf = (layer: number, head: number) => `layers.${layer}.queries.${head}`;
