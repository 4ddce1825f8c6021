import type { FloatArray } from '@namm/core/portable';
import { checkNames, InvalidArgumentError } from '@namm/core/portable';
import { addSpectrum } from './add-spectrum.js';
import { averageFrame } from './average-frame.js';
import { checkAttention } from './check-attention.js';
import type { FoldedFrames } from './fold-frames.js';
import { bornSlots, completedFrames, pendingRows, returnedRows } from './frame-grid.js';
import { roundToHalves } from './half-rows.js';
import {
  restoreFeatures,
  type SavedFeatures,
  type StoredState,
  saveFeatures,
} from './saved-features.js';
import { bins, hop, publishedDecay, tailSize, windowSize } from './stft.js';
import {
  loadRow,
  newRows,
  pickSlots,
  type Storage,
  type StoredRow,
  storeRow,
} from './stored-row.js';

export interface FeatureStateOptions {
  /** How numbers are kept between passes. @defaultValue 'float16' */
  readonly storage?: Storage;
  /** γ per query, above 0 and below 1. @defaultValue 0.99 */
  readonly decay?: number;
  /**
   * Whether the attention has sinks (logits that belong to no token), so that its rows sum to less than 1.
   * @defaultValue false
   */
  readonly hasSinks?: boolean;
}

/** What a state begins with, made once: a state is forked for every pass, and then holds the other one's rows. */
const emptyRows = { float16: emptyRowsOf('float16'), float32: emptyRowsOf('float32') };

function emptyRowsOf(storage: Storage) {
  const empty = storeRow(new Float32Array(0), storage);
  const list = (length: number): readonly StoredRow[] => Array.from({ length }, () => empty);
  return { rows: list(tailSize), spectrum: list(bins) };
}

/** Attention of one forward pass to the tokens of one KV head. */
export interface AttentionPass {
  readonly queries: number;
  /** Query heads that share the KV head; they are averaged first. @defaultValue 1 */
  readonly group?: number;
}

/**
 * The spectrogram of one KV head, updated as attention arrives: how much attention each cached token received at each
 * frequency, as an exponential moving average over frames of 32 queries, 16 apart.
 *
 * Attention may come in one block, in chunks, row by row, or any mixture of these. The result is the same to the last
 * bit, because each row is rounded to the storage type when it arrives, and the average after every frame. It keeps 33
 * numbers per token when the queries seen are a multiple of 16, and up to 48 in between.
 *
 * The average of token j after frame f is w ← g w + (1 − g) |S_f|, g = γ^16, S_f the one-sided Fourier transform of
 * queries 16 f − 16 … 16 f + 15 under a periodic Hann window. A frame counts for a token if the token existed by the
 * frame's end.
 *
 * Methods that throw leave the state unchanged.
 *
 * @example
 * ```ts
 * const state = new FeatureState();
 * state.observe(attention, { queries: 64 }); // [64, 64]
 * state.spectrum(); // Float32Array [17, 64]
 * ```
 */
export class FeatureState {
  /** Storage type of the numbers. */
  readonly storage: Storage;
  /** γ per query. */
  readonly decay: number;
  /** Whether rows may sum to less than 1. */
  readonly hasSinks: boolean;
  #seen = 0;
  #slots = 0;
  // Arrays are never written to once they are here, so that forks can share them.
  #rows: readonly StoredRow[];
  #spectrum: readonly StoredRow[];

  /** @throws {InvalidArgumentError} for another storage type or a decay that is not between 0 and 1 */
  constructor(options: FeatureStateOptions = {}) {
    if (!(options instanceof FeatureState)) {
      checkNames('FeatureState', options, ['storage', 'decay', 'hasSinks']);
    }
    const { storage = 'float16', decay = publishedDecay, hasSinks = false } = options;
    if (storage !== 'float16' && storage !== 'float32') {
      throw new InvalidArgumentError('storage', `'${storage}' is neither float16 nor float32`);
    }
    if (!(decay > 0 && decay < 1)) {
      throw new InvalidArgumentError('decay', `${decay} is not between 0 and 1`);
    }
    this.storage = storage;
    this.decay = decay;
    this.hasSinks = hasSinks;
    const { rows, spectrum } = emptyRows[storage];
    this.#rows = rows;
    this.#spectrum = spectrum;
  }

  /**
   * Restores the state that {@link save} returned.
   *
   * @param saved its numbers
   * @param options those it was made with
   * @throws {InvalidArgumentError} when the numbers do not belong to a head with these options
   */
  static restore(saved: SavedFeatures, options: FeatureStateOptions = {}): FeatureState {
    const state = new FeatureState(options);
    state.#take(restoreFeatures(saved, state));
    return state;
  }

  /** Queries seen. */
  get seen(): number {
    return this.#seen;
  }

  /** Cached tokens. */
  get slots(): number {
    return this.#slots;
  }

  /** Bytes of the stored numbers; numbers shared with a fork count in both. */
  get bytes(): number {
    const count = (sum: number, row: StoredRow) => sum + row.byteLength;
    return this.#spectrum.reduce(count, this.#rows.reduce(count, 0));
  }

  /**
   * Adds the attention of a forward pass.
   *
   * @param attention `[group, queries, slots]` after the softmax. Slots are those left by the last {@link retain}, in
   *   order, then the pass's own tokens, one per query. If there are more new slots than queries, the first of them are
   *   older than the pass; if fewer, they belong to the last queries.
   * @throws {InvalidAttentionError} when it holds NaN, a negative number or a row that does not sum to one (with sinks:
   *   sums to more)
   * @throws {InvalidArgumentError} when sizes do not fit together
   */
  observe(attention: FloatArray, pass: AttentionPass): void {
    const { queries, group = 1 } = checkNames('observe', pass, ['queries', 'group']);
    checkCount('queries', queries);
    checkCount('group', group);
    const slots = this.#checkSlots(attention.length / (group * queries));
    checkAttention(attention, slots, this.hasSinks);

    const row = new Float32Array(slots);
    for (let query = 0; query < queries; query++) {
      const born = bornSlots(slots, this.#slots, queries, query);
      averageRow(attention, { query, queries, group, slots }, row);
      const rows = [...this.#rows, storeRow(trimRow(row, born), this.storage)];
      this.#rows = rows;
      this.#seen++;
      if (rows.length < windowSize) continue;
      this.#spectrum = averageFrame(rows, this.#spectrum, born, this.decay ** hop, this.storage);
      this.#rows = rows.slice(hop);
    }
    this.#slots = slots;
  }

  /**
   * Adds a pass whose frames were computed elsewhere, such as in the graph. Up to the rounding of the storage type this
   * equals {@link observe} with the pass's attention.
   *
   * @throws {InvalidAttentionError} when it holds values that no attention can produce
   * @throws {InvalidArgumentError} when sizes do not fit together
   */
  absorb({ queries, slots, spectrum, rows }: FoldedFrames): void {
    checkCount('queries', queries);
    this.#checkSlots(slots);
    const frames = completedFrames(this.#seen, queries);
    const keptRows = pendingRows(this.#seen + queries);
    const newCount = returnedRows(this.#seen, queries);
    checkSize('spectrum', spectrum, frames === 0 ? 0 : bins * slots);
    checkSize('rows', rows, newCount * slots);
    checkAttention(rows, slots, this.hasSinks);
    if (frames > 0) {
      const oldWeight = this.decay ** (hop * frames);
      this.#spectrum = addSpectrum(this.#spectrum, spectrum, oldWeight, this.storage);
    }
    const single = rows instanceof Float32Array ? rows : Float32Array.from(rows);
    const rounded = this.storage === 'float16' ? roundToHalves(single) : single;
    const lengths = Array.from({ length: newCount }, (_, index) => {
      const row = single.subarray(index * slots, (index + 1) * slots);
      return trimRow(row, bornSlots(slots, this.#slots, queries, queries - newCount + index))
        .length;
    });
    // Rows of one pass share memory, so one that waits keeps up to 30 others in memory until it goes.
    const added = newRows(lengths, this.storage);
    for (const [index, row] of added.entries()) {
      row.set(rounded.subarray(index * slots, index * slots + row.length));
    }
    this.#rows = [...this.#rows, ...added].slice(-keptRows);
    this.#seen += queries;
    this.#slots = slots;
  }

  /**
   * Attention rows that still await the end of their frame, oldest first: `[16 + seen mod 16, slots]`. They are 0
   * before the sequence and before a token's birth.
   */
  pending(): Float32Array {
    return this.#loadAll(this.#rows);
  }

  /** The raw moving average of magnitudes, `[17, slots]`, as of the last finished frame. */
  spectrum(): Float32Array {
    return this.#loadAll(this.#spectrum);
  }

  /** Slots `start` … `start + count − 1` of one frequency of {@link spectrum}, into `target[0 …]`. */
  loadBin(bin: number, start: number, count: number, target: Float32Array): void {
    loadRow(this.#spectrum[bin]!, start, count, target, 0);
  }

  /**
   * Forgets the tokens that are not kept; the others close up.
   *
   * @param kept slots that stay, ascending
   * @throws {InvalidArgumentError} for slots that are out of range or out of order
   */
  retain(kept: Uint32Array): void {
    for (let i = 0; i < kept.length; i++) {
      const slot = kept[i]!;
      if (slot < this.#slots && (i === 0 || slot > kept[i - 1]!)) continue;
      const problem = `slot ${slot} is out of order or not among the ${this.#slots} there are`;
      throw new InvalidArgumentError('kept', problem);
    }
    if (kept.length === this.#slots) return;
    this.#rows = pickSlots(this.#rows, kept, this.storage);
    this.#spectrum = pickSlots(this.#spectrum, kept, this.storage);
    this.#slots = kept.length;
  }

  /** An independent copy. It costs next to nothing: arrays are shared until one side changes. */
  fork(): FeatureState {
    const other = new FeatureState(this);
    other.#take(this.#stored());
    return other;
  }

  /** The whole state, for {@link restore}, as plain arrays. */
  save(): SavedFeatures {
    return saveFeatures(this.#stored());
  }

  #stored(): StoredState {
    const { storage, decay } = this;
    return {
      storage,
      decay,
      seen: this.#seen,
      slots: this.#slots,
      rows: this.#rows,
      spectrum: this.#spectrum,
    };
  }

  #take({ seen, slots, rows, spectrum }: StoredState): void {
    this.#seen = seen;
    this.#slots = slots;
    this.#rows = rows;
    this.#spectrum = spectrum;
  }

  #checkSlots(slots: number): number {
    if (Number.isSafeInteger(slots) && slots > 0 && slots >= this.#slots) return slots;
    const problem = `${slots} slots do not fit a state of ${this.#slots}, which a pass can only add to`;
    throw new InvalidArgumentError('attention', problem);
  }

  #loadAll(rows: readonly StoredRow[]): Float32Array {
    const result = new Float32Array(rows.length * this.#slots);
    for (const [index, row] of rows.entries()) {
      loadRow(row, 0, this.#slots, result, index * this.#slots);
    }
    return result;
  }
}

function checkCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new InvalidArgumentError(name, `${value} is not a whole number above 0`);
}

function checkSize(name: string, { length }: FloatArray, needed: number): void {
  if (length === needed) return;
  throw new InvalidArgumentError(name, `${length} numbers where ${needed} are needed`);
}

/** Mean over the query heads of a group. */
function averageRow(
  attention: FloatArray,
  at: { query: number; queries: number; group: number; slots: number },
  target: Float32Array,
): void {
  const { query, queries, group, slots } = at;
  for (let slot = 0; slot < slots; slot++) {
    let sum = 0;
    for (let head = 0; head < group; head++) {
      sum += attention[(head * queries + query) * slots + slot]!;
    }
    target[slot] = sum / group;
  }
}

/** The row without the zeros of tokens not yet born. Attention that is not causal may have none. */
function trimRow(row: Float32Array, born: number): Float32Array {
  let length = row.length;
  while (length > born && row[length - 1] === 0) length--;
  return row.subarray(0, length);
}
