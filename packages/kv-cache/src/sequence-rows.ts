import { InvalidArgumentError } from '@namm/core';
import { CacheFullError } from './cache-errors.js';
import type { ClosedPositions } from './closed-positions.js';
import { hasCompactPositions, marksPerRow } from './compact-positions.js';
import type { CacheMemory } from './contracts/cache-memory.js';
import type { CacheShape } from './contracts/cache-shape.js';
import type { CacheUpdate } from './contracts/cache-update.js';
import type { KeptSlots } from './contracts/eviction-policy.js';
import type { StoredRows } from './contracts/segments.js';
import { type HeadContents, type RotateKeys, RowBuffer } from './row-buffer.js';
import { cacheDtype, storedBytes, storedFrom, storeRows } from './stored-rows.js';

/** How far a sequence has come, and its data other than rows. */
export interface SequencePoint {
  /** Tokens so far, evicted ones included. */
  readonly seen: number;
  /** Position that the next token will have in masks and windows. */
  readonly nextPosition: number;
  /** One more than the largest position that the model was told on any axis. */
  readonly nextAxisPosition: number;
  /** What layers without rows keep. The arrays never change: a pass gives others. */
  readonly states: readonly Float32Array[];
}

/** The rows of a sequence, for every layer and KV head, and how far it has come. Decides nothing. */
export class SequenceRows implements SequencePoint {
  readonly #shape: CacheShape;
  readonly #heads: readonly (readonly RowBuffer[])[];
  #seen: number;
  #nextPosition: number;
  #nextAxisPosition: number;
  #states: readonly Float32Array[];

  private constructor(
    shape: CacheShape,
    heads: readonly (readonly RowBuffer[])[],
    point: SequencePoint,
  ) {
    this.#shape = shape;
    this.#heads = heads;
    this.#seen = point.seen;
    this.#nextPosition = point.nextPosition;
    this.#nextAxisPosition = point.nextAxisPosition;
    this.#states = point.states;
  }

  /** Those of an empty sequence. */
  static empty(shape: CacheShape): SequenceRows {
    const states = (shape.states ?? []).map(({ size }) => new Float32Array(size));
    const start = { seen: 0, nextPosition: 0, nextAxisPosition: 0, states };
    return new SequenceRows(shape, emptyHeads(shape), start);
  }

  /** @param contents per layer and KV head, as {@link contents} gives them */
  static of(
    shape: CacheShape,
    contents: readonly (readonly HeadContents[])[],
    point: SequencePoint,
  ): SequenceRows {
    const rows = new SequenceRows(shape, emptyHeads(shape), point);
    for (const [layer, heads] of contents.entries()) {
      for (const [head, own] of heads.entries()) rows.head(layer, head).append(own);
    }
    return rows;
  }

  get seen(): number {
    return this.#seen;
  }

  get nextPosition(): number {
    return this.#nextPosition;
  }

  get nextAxisPosition(): number {
    return this.#nextAxisPosition;
  }

  get states(): readonly Float32Array[] {
    return this.#states;
  }

  /** @throws {InvalidArgumentError} when there is no such head */
  head(layer: number, head: number): RowBuffer {
    const buffer = this.#heads[layer]?.[head];
    if (buffer !== undefined) return buffer;
    throw new InvalidArgumentError('layer, head', `there is no head ${head} in layer ${layer}`);
  }

  /** Rows held, per layer and head. */
  get lengths(): number[][] {
    return this.#heads.map((heads) => heads.map((head) => head.length));
  }

  /** What every head holds: views that are valid until the next change. */
  get contents(): HeadContents[][] {
    return this.#heads.map((heads) => heads.map((head) => head.contents));
  }

  /**
   * Appends the rows of a pass.
   *
   * @throws {CacheFullError} when there is no memory for them; no head has then changed
   * @throws {InvalidArgumentError} when they cannot be rounded to what the cache holds; likewise
   */
  append({ count, rows, states = [], positions: axes = new Int32Array(0) }: CacheUpdate): void {
    const dtype = cacheDtype(this.#shape);
    const stored = rows.map(({ keys, values }, layer) => {
      const { headSize } = this.#shape.layers[layer]!;
      const store = (all: Float32Array) => storeRows(dtype, all, headSize);
      return { keys: store(keys), values: store(values) };
    });
    this.#reserve(count);
    const numbersFrom = (first: number) => {
      const numbers = new Int32Array(count);
      for (let i = 0; i < count; i++) numbers[i] = first + i;
      return numbers;
    };
    const tokens = numbersFrom(this.#seen);
    const isCompact = hasCompactPositions(this.#shape);
    const positions = isCompact ? numbersFrom(this.#nextPosition) : tokens;
    for (const [layer, heads] of this.#heads.entries()) {
      const { headSize } = this.#shape.layers[layer]!;
      for (const [head, buffer] of heads.entries()) {
        const own = (all: StoredRows) =>
          storedFrom(all, headSize, head * count, (head + 1) * count);
        const { keys, values } = stored[layer]!;
        buffer.append({ keys: own(keys), values: own(values), positions, tokens, axes });
      }
    }
    this.#seen += count;
    this.#nextPosition += count;
    this.#states = states.map((state) => state.slice());
    this.#nextAxisPosition = axes.reduce(
      (next, position) => Math.max(next, position + 1),
      this.#nextAxisPosition,
    );
  }

  /** Keeps the rows at these slots; null keeps a whole layer. */
  retain(kept: readonly (KeptSlots | null)[]): void {
    for (const [layer, layerKept] of kept.entries()) {
      if (layerKept === null) continue;
      for (const [head, slots] of layerKept.entries()) this.head(layer, head).retain(slots);
    }
  }

  /** Gives positions new numbers, and rotates the keys accordingly. */
  renumber(closed: ClosedPositions, rotate: (layer: number) => RotateKeys | null): void {
    for (const [layer, heads] of this.#heads.entries()) {
      const rotateLayer = rotate(layer);
      for (const head of heads) head.renumber(closed.of(head.positions), rotateLayer);
    }
    this.#nextPosition = closed.next;
  }

  /** The same rows, read from the same memory until one side changes them. */
  fork(): SequenceRows {
    const heads = this.#heads.map((layer) => layer.map((head) => head.fork()));
    return new SequenceRows(this.#shape, heads, this);
  }

  /** The same rows in memory of their own. */
  copy(): SequenceRows {
    return SequenceRows.of(this.#shape, this.contents, this);
  }

  /** Lets go of all rows, so that forks stop counting this sequence as a sharer. */
  release(): void {
    for (const head of this.#heads.flat()) head.retain(new Uint32Array(0));
  }

  /** @param policy bytes of the policy's state */
  memory(policy: number): CacheMemory {
    const keptPerHead = this.lengths;
    const states = this.#states.reduce((sum, { byteLength }) => sum + byteLength, 0);
    let rows = 0;
    let used = states;
    let [allocated, shared, sharedPart] = [states, 0, 0];
    for (const [layer, heads] of this.#heads.entries()) {
      const perRow = storedBytes(this.#shape.layers[layer]!, cacheDtype(this.#shape));
      for (const head of heads) {
        rows += head.length;
        used += head.length * perRow;
        allocated += head.allocatedBytes;
        shared += head.shared.bytes;
        sharedPart += head.shared.bytes / head.shared.sharers;
      }
    }
    const positions = rows * marksPerRow(this.#shape) * 4;
    const bytes = { allocated, shared, sharedPart, used, positions, policy };
    return { seen: this.#seen, rows, keptPerHead, bytes };
  }

  /** Before the first row is written, so that running out of memory leaves the heads as they were. */
  #reserve(count: number): void {
    try {
      for (const heads of this.#heads) for (const head of heads) head.reserve(count);
    } catch (cause) {
      throw new CacheFullError(count, this.memory(0), cause);
    }
  }
}

function emptyHeads(shape: CacheShape): RowBuffer[][] {
  const marks = { hasTokens: hasCompactPositions(shape), axes: shape.positionAxes ?? 0 };
  return shape.layers.map(({ keyValueHeads, headSize }) =>
    Array.from({ length: keyValueHeads }, () => new RowBuffer(headSize, marks, cacheDtype(shape))),
  );
}
