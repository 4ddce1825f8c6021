import { checkChoice, checkNames, FileFormatError, InvalidArgumentError } from '@namm/core';
import {
  CacheBusyError,
  CacheFailedError,
  CacheFullError,
  CacheReleasedError,
  InvalidSelectionError,
} from './cache-errors.js';
import { checkShape } from './check-shape.js';
import { checkUpdate } from './check-update.js';
import { closedPositions } from './closed-positions.js';
import { hasCompactPositions, marksPerRow } from './compact-positions.js';
import type { CacheMemory } from './contracts/cache-memory.js';
import type { CacheShape } from './contracts/cache-shape.js';
import type { CacheUpdate } from './contracts/cache-update.js';
import type {
  CacheView,
  EvictionPolicy,
  KeptSlots,
  PolicyState,
} from './contracts/eviction-policy.js';
import type { SpectrumFeeds } from './contracts/probe.js';
import type { Segments } from './contracts/segments.js';
import type { CreateCacheOptions, SequenceCache } from './contracts/sequence-model.js';
import { findInvalidSlots } from './find-invalid-slots.js';
import { outsideWindow } from './outside-window.js';
import { full } from './policies/full.js';
import { readCacheFile } from './read-cache-file.js';
import type { RetentionRecorder } from './retention-recorder.js';
import { type RotateKeys, RowBuffer } from './row-buffer.js';
import { writeCacheFile } from './write-cache-file.js';

/** How a {@link KVCache} behaves. */
export interface KVCacheOptions extends CreateCacheOptions<EvictionPolicy> {
  /** Writes down what each head holds after each update. One recorder serves one cache. */
  readonly recorder?: RetentionRecorder;
}

/** The right to change a cache, which nobody else has until it is released; see {@link KVCache.lease}. */
export interface CacheLease {
  /** As {@link KVCache.update}. */
  update(update: CacheUpdate): Promise<void>;
  /** As {@link KVCache.closeGaps}. */
  closeGaps(turn: (layer: number) => RotateKeys | null): void;
  /** Gives the cache free; a second call does nothing. */
  release(): void;
}

/**
 * The keys and values of one sequence, per layer and KV head. Heads may hold different rows and
 * different numbers of rows. Positions stay with their rows; keys are stored after RoPE. Neither changes
 * as long as positions are absolute.
 *
 * @example
 * ```ts
 * const cache = new KVCache(shape, { policy: sinkRecent({ budget: 256 }) });
 * await cache.update({ count, rows, observations: [] });
 * const keys = cache.keys(0, 0); // [cache.length(0, 0), headSize]
 * ```
 */
export class KVCache implements CacheView, SequenceCache<KVCache> {
  readonly shape: CacheShape;
  readonly policy: EvictionPolicy;
  readonly #keepOutsideWindow: boolean;
  #heads: RowBuffer[][];
  #state: PolicyState;
  #seen = 0;
  #nextPosition = 0;
  #leasedFor: string | null = null;
  #isReleased = false;
  /** The change that broke off half way. */
  #failure: { readonly what: string; readonly cause: unknown } | null = null;
  #recorder: RetentionRecorder | null;

  /** @throws {InvalidArgumentError} when the shape cannot be, or the policy cannot serve it */
  constructor(shape: CacheShape, options: KVCacheOptions = {}) {
    checkShape(shape);
    checkNames('KVCache', options, ['policy', 'keepOutsideWindow', 'positions', 'recorder']);
    const { positions = shape.positions ?? 'absolute', keepOutsideWindow = false } = options;
    checkChoice('positions', positions, ['absolute', 'compact']);
    if (hasCompactPositions({ positions }) && keepOutsideWindow) {
      const problem = 'rows outside of a window cannot stay when positions are compact';
      throw new InvalidArgumentError('keepOutsideWindow', problem);
    }
    this.shape = positions === (shape.positions ?? 'absolute') ? shape : { ...shape, positions };
    this.policy = options.policy ?? full();
    this.#keepOutsideWindow = keepOutsideWindow;
    this.#state = this.policy.start(this.shape);
    this.#heads = this.#emptyHeads();
    this.#recorder = options.recorder ?? null;
    this.#recorder?.start(this);
  }

  /** The recorder it was made with, or the fork's own; null when nothing is recorded. */
  get recorder(): RetentionRecorder | null {
    return this.#recorder;
  }

  /** Tokens of the sequence so far, evicted ones included. */
  get seen(): number {
    return this.#seen;
  }

  /** Position that the next token will have: `seen`, unless positions are compact. */
  get nextPosition(): number {
    return this.#nextPosition;
  }

  /** Rows that one head holds. */
  length(layer: number, head: number): number {
    return this.#head(layer, head).length;
  }

  /**
   * Keys of one head, `[length, headSize]`: a view that is valid until the cache changes, or a fresh copy
   * when forks share a part of the rows. {@link segments} never copies.
   */
  keys(layer: number, head: number): Float32Array {
    return this.#head(layer, head).keys;
  }

  /** Values of one head, `[length, headSize]`, as {@link keys}. */
  values(layer: number, head: number): Float32Array {
    return this.#head(layer, head).values;
  }

  /**
   * Keys and values of one head in at most two pieces: the rows that forks read too, then its own. Views
   * without a copy, valid until the cache changes. Without forks the shared piece is empty.
   */
  segments(layer: number, head: number): Segments {
    return this.#head(layer, head).segments;
  }

  /** Positions of one head's rows, ascending: a view without a copy, valid until the cache changes. */
  positions(layer: number, head: number): Int32Array {
    return this.#head(layer, head).positions;
  }

  /**
   * Which tokens of the sequence one head's rows are, numbered from 0, ascending: a view without a copy,
   * valid until the cache changes. The positions, as long as those are absolute.
   */
  tokens(layer: number, head: number): Int32Array {
    return this.#head(layer, head).tokens;
  }

  /**
   * What a `spectrum` probe is fed in the next pass; the policy says it. Null when it asks for no spectrum.
   *
   * @param queries of that pass
   */
  spectrumFeeds(queries: number): SpectrumFeeds | null {
    return this.#state.spectrumFeeds?.(queries) ?? null;
  }

  /**
   * Appends the rows of a forward pass, shows the probes to the policy, and evicts what the policy does
   * not keep. When the promise resolves, the policy's budget holds.
   *
   * @throws {InvalidArgumentError} when the update does not fit; the cache is then unchanged
   * @throws {InvalidSelectionError} when the policy chooses slots that cannot be kept
   * @throws whatever the policy throws; after that, as after an invalid selection, the rows are in the cache
   *   and can be read, nothing was evicted by the policy, and every change is a {@link CacheFailedError}
   * @throws {CacheFullError} when there is no memory for the rows; no head has then changed
   * @throws {CacheBusyError} when somebody else is changing the cache
   */
  async update(update: CacheUpdate): Promise<void> {
    const lease = this.lease('update');
    try {
      await lease.update(update);
    } finally {
      lease.release();
    }
  }

  /**
   * Takes the cache for a piece of work of several steps, such as computing a forward pass from its rows
   * and appending the new ones. Until the lease is released, whoever else wants to change or fork the cache
   * gets a {@link CacheBusyError}; reading stays free.
   *
   * @param work what it is for, for the message of that error
   * @throws {CacheBusyError} when somebody else has taken it
   */
  lease(work: string): CacheLease {
    this.#mustBeUsable(work);
    this.#leasedFor = work;
    let released = false;
    return {
      update: async (update) => {
        if (released) throw new CacheBusyError('update', 'nobody: this lease was released');
        this.#mustNotHaveFailed('update');
        await this.#update(update);
      },
      closeGaps: (turn) => {
        if (released) throw new CacheBusyError('closeGaps', 'nobody: this lease was released');
        this.#mustNotHaveFailed('closeGaps');
        this.#closeGaps(turn);
      },
      release: () => {
        if (!released) this.#leasedFor = null;
        released = true;
      },
    };
  }

  /**
   * How many positions {@link closeGaps} would win now. Positions that some head of some layer holds are
   * no gaps, nor are those within the largest sliding window; so heads that hold different tokens leave
   * fewer gaps than heads that hold the same.
   */
  gaps(): number {
    if (this.#isReleased) throw new CacheReleasedError('gaps');
    return this.#nextPosition - closedPositions(this)[this.#nextPosition]!;
  }

  /**
   * Closes the gaps that no head holds any more, with one map for the whole sequence: positions stay in
   * order, and the next token's is smaller by {@link gaps}. Nothing changes between tokens that have no
   * gap between them, nor within a sliding window.
   *
   * @param turn for a layer, changes keys of one head in place, `[rows, headSize]`, from the rotation of
   *   their old positions to that of their new ones; null for a layer whose keys have no rotation
   * @throws {InvalidArgumentError} when the positions of this cache are absolute
   * @throws whatever `turn` throws, or a RangeError without memory for rows that were shared; some heads have
   *   then moved, and the cache can only be read
   * @throws {CacheBusyError} when somebody else is changing the cache
   */
  closeGaps(turn: (layer: number) => RotateKeys | null): void {
    const lease = this.lease('closeGaps');
    try {
      lease.closeGaps(turn);
    } finally {
      lease.release();
    }
  }

  /**
   * Evicts by hand; the policy forgets the same rows.
   *
   * @param kept per layer the ascending slots to keep per KV head, or null to keep the whole layer
   * @throws {InvalidArgumentError} when the slots cannot be kept; the cache is then unchanged
   * @throws {CacheBusyError} when somebody else is changing the cache
   */
  keep(kept: readonly (KeptSlots | null)[]): void {
    this.#mustBeUsable('keep');
    const invalid = findInvalidSlots(kept, this.#lengths());
    if (invalid !== null) {
      const where = invalid.head === null ? '' : `[${invalid.head}]`;
      throw new InvalidArgumentError(`kept[${invalid.layer}]${where}`, invalid.problem);
    }
    this.#evict(kept);
    this.#recorder?.changed(this);
  }

  /**
   * Writes the cache and its policy's state to a file, atomically: a safetensors file that
   * {@link KVCache.restore} reads, with a SHA-256 of all it holds. What a recorder wrote down is not in it.
   *
   * @throws {CacheBusyError} when somebody else is changing the cache
   * @throws {CacheSaveError} when the file cannot be written; an older file of this name then still stands
   */
  async save(path: string): Promise<void> {
    const lease = this.lease('save');
    try {
      const heads = this.#heads.map((layer) =>
        layer.map(({ keys, values, positions, tokens }) => ({ keys, values, positions, tokens })),
      );
      await writeCacheFile(path, this.shape, this.policy, {
        seen: this.#seen,
        nextPosition: this.#nextPosition,
        positions: this.shape.positions ?? 'absolute',
        keepOutsideWindow: this.#keepOutsideWindow,
        heads,
        state: this.#state.save(),
      });
    } finally {
      lease.release();
    }
  }

  /**
   * The cache that {@link save} wrote, which goes on as the saved one would have.
   *
   * @param shape of the model's caches
   * @param options the policy it was saved with, and a recorder if wanted; all else comes from the file
   * @throws {FileFormatError} when the file cannot be read, is cut off or no saved cache
   * @throws {CacheMismatchError} when it was saved with another model, policy or settings
   * @throws {InvalidArgumentError} when the shape cannot be, or the policy cannot serve it
   */
  static async restore(
    path: string,
    shape: CacheShape,
    { policy = full(), recorder }: Pick<KVCacheOptions, 'policy' | 'recorder'> = {},
  ): Promise<KVCache> {
    const contents = await readCacheFile(path, shape, policy);
    const { keepOutsideWindow, positions: mode } = contents;
    const options = { policy, keepOutsideWindow, positions: mode };
    const cache = new KVCache(shape, { ...options, ...(recorder && { recorder }) });
    try {
      cache.#state = policy.restore(cache.shape, contents.state);
    } catch (cause) {
      if (!(cause instanceof FileFormatError)) throw cause;
      throw new FileFormatError(path, cause.message, { cause });
    }
    for (const [layer, heads] of contents.heads.entries()) {
      for (const [head, { keys, values, positions, tokens }] of heads.entries()) {
        cache.#head(layer, head).append(keys, values, positions, tokens);
      }
    }
    cache.#seen = contents.seen;
    cache.#nextPosition = contents.nextPosition;
    return cache;
  }

  /**
   * A second cache with the same rows and policy state that goes its own way from here. Both read the rows
   * of this moment from the same memory, and append to memory of their own. The first time that one of them
   * evicts a shared row of a head, it copies what it keeps of that head; the others share on. When a fork
   * is forked, rows that it does not share yet are copied if they are at most a quarter of those it shares;
   * more are joined with those into memory that the two share.
   *
   * @throws {CacheBusyError} when somebody else is changing the cache
   */
  fork(): KVCache {
    this.#mustBeUsable('fork');
    const { shape, policy } = this;
    const copy = new KVCache(shape, { policy, keepOutsideWindow: this.#keepOutsideWindow });
    copy.#heads = this.#heads.map((heads) => heads.map((head) => head.fork()));
    copy.#state = this.#state.fork();
    copy.#seen = this.#seen;
    copy.#nextPosition = this.#nextPosition;
    copy.#recorder = this.#recorder?.fork() ?? null;
    return copy;
  }

  /**
   * A cache of the same rows under another policy, which takes over what this one's remembers and chooses at
   * once, as if the last pass had been under it. What many policies would do alike before their first choice
   * is so computed once. Nothing is shared: from here on the copy has the same bits as a cache that was under
   * its policy from the start, if this one's has evicted nothing.
   *
   * @throws {InvalidArgumentError} when the policy cannot take over from this one's
   * @throws {InvalidSelectionError} when it chooses slots that cannot be kept; or whatever it throws
   * @throws {CacheBusyError} when somebody else is changing the cache
   */
  async copyUnder(policy: EvictionPolicy): Promise<KVCache> {
    this.#mustBeUsable('copyUnder');
    if (policy.takeOver === undefined) {
      const problem = `'${policy.name}' cannot take over from '${this.policy.name}'`;
      throw new InvalidArgumentError('policy', problem);
    }
    const copy = new KVCache(this.shape, { policy, keepOutsideWindow: this.#keepOutsideWindow });
    copy.#state = policy.takeOver(this.shape, this.#state);
    for (const [layer, heads] of this.#heads.entries()) {
      for (const [head, { keys, values, positions, tokens }] of heads.entries()) {
        copy.#head(layer, head).append(keys, values, positions, tokens);
      }
    }
    copy.#seen = this.#seen;
    copy.#nextPosition = this.#nextPosition;
    await copy.#choose();
    return copy;
  }

  /**
   * Frees rows and policy state at once; forks stop counting this cache as a sharer. Reading a
   * row, and every change, is then a {@link CacheReleasedError}; {@link memory} says that nothing is held. A
   * second call does nothing. Without it the garbage collector does the same, later.
   *
   * @throws {CacheBusyError} when somebody else is changing the cache
   */
  async release(): Promise<void> {
    if (this.#isReleased) return;
    if (this.#leasedFor !== null) throw new CacheBusyError('release', `'${this.#leasedFor}'`);
    this.#isReleased = true;
    for (const head of this.#heads.flat()) head.retain(new Uint32Array(0)); // leaves shared rows
    this.#heads = this.#emptyHeads();
    this.#state = full().start(this.shape); // remembers nothing
  }

  /** What the cache holds and what that costs. */
  memory(): CacheMemory {
    const keptPerHead = this.#lengths();
    let rows = 0;
    let used = 0;
    let [allocated, shared, sharedPart] = [0, 0, 0];
    for (const [layer, heads] of this.#heads.entries()) {
      for (const head of heads) {
        rows += head.length;
        used += head.length * 2 * this.shape.layers[layer]!.headSize * 4;
        allocated += head.allocatedBytes;
        shared += head.shared.bytes;
        sharedPart += head.shared.bytes / head.shared.sharers;
      }
    }
    const policy = this.#state.bytes;
    const marks = marksPerRow(this.shape);
    const bytes = { allocated, shared, sharedPart, used, positions: rows * marks * 4, policy };
    return { seen: this.#seen, rows, keptPerHead, bytes };
  }

  async #update(update: CacheUpdate): Promise<void> {
    checkUpdate(update, this, this.policy, () => this.spectrumFeeds(update.count));
    this.#append(update);
    try {
      await this.#evictByPolicy(update);
    } catch (cause) {
      this.#failure = { what: `an update under '${this.policy.name}'`, cause };
      throw cause;
    } finally {
      this.#recorder?.changed(this); // also when the policy failed: the rows are in the cache
    }
  }

  async #evictByPolicy(update: CacheUpdate): Promise<void> {
    for (const [layer, observation] of update.observations.entries()) {
      this.#state.observe(layer, observation);
    }
    // Before the policy chooses, so that it spends no budget on rows that nobody can see.
    if (!this.#keepOutsideWindow) {
      this.#evict(outsideWindow(this, this.policy.keepsEverything === true));
    }
    await this.#choose();
  }

  async #choose(): Promise<void> {
    const kept = await this.#state.select(this, this.#recorder?.scoreListener(this));
    const invalid = findInvalidSlots(kept, this.#lengths());
    if (invalid !== null) {
      const { layer, head, problem } = invalid;
      throw new InvalidSelectionError(this.policy.name, layer, head, problem);
    }
    this.#evict(kept);
  }

  #append({ count, rows }: CacheUpdate): void {
    this.#reserve(count);
    const numbersFrom = (first: number) => Int32Array.from({ length: count }, (_, i) => first + i);
    const tokens = numbersFrom(this.#seen);
    const positions = this.#isCompact ? numbersFrom(this.#nextPosition) : tokens;
    for (const [layer, heads] of this.#heads.entries()) {
      const { keys, values } = rows[layer]!;
      const size = count * this.shape.layers[layer]!.headSize;
      for (const [head, buffer] of heads.entries()) {
        const [from, to] = [head * size, (head + 1) * size];
        buffer.append(keys.subarray(from, to), values.subarray(from, to), positions, tokens);
      }
    }
    this.#seen += count;
    this.#nextPosition += count;
  }

  #closeGaps(turn: (layer: number) => RotateKeys | null): void {
    if (!this.#isCompact) {
      const problem = 'its positions are absolute; make it with positions: compact';
      throw new InvalidArgumentError('cache', problem);
    }
    // Else rows that are outside of their window might come into it again.
    this.#evict(outsideWindow(this, false));
    const closed = closedPositions(this);
    try {
      for (const [layer, heads] of this.#heads.entries()) {
        const turnLayer = turn(layer);
        for (const head of heads) head.renumber(closed, turnLayer);
      }
    } catch (cause) {
      this.#failure = { what: 'closing gaps', cause };
      throw cause;
    }
    this.#nextPosition = closed[this.#nextPosition]!;
  }

  get #isCompact(): boolean {
    return hasCompactPositions(this.shape);
  }

  /** Before the first row is written, so that running out of memory leaves the heads as they were. */
  #reserve(count: number): void {
    try {
      for (const heads of this.#heads) for (const head of heads) head.reserve(count);
    } catch (cause) {
      throw new CacheFullError(count, this.memory(), cause);
    }
  }

  #evict(kept: readonly (KeptSlots | null)[]): void {
    if (kept.every((layer) => layer === null)) return;
    for (const [layer, layerKept] of kept.entries()) {
      if (layerKept === null) continue;
      for (const [head, slots] of layerKept.entries()) this.#head(layer, head).retain(slots);
    }
    this.#state.retain(kept);
  }

  #lengths(): number[][] {
    return this.#heads.map((heads) => heads.map((head) => head.length));
  }

  #emptyHeads(): RowBuffer[][] {
    return this.shape.layers.map(({ keyValueHeads, headSize }) =>
      Array.from({ length: keyValueHeads }, () => new RowBuffer(headSize, this.#isCompact)),
    );
  }

  #head(layer: number, head: number): RowBuffer {
    if (this.#isReleased) throw new CacheReleasedError('read');
    const buffer = this.#heads[layer]?.[head];
    if (buffer !== undefined) return buffer;
    throw new InvalidArgumentError('layer, head', `there is no head ${head} in layer ${layer}`);
  }

  #mustBeUsable(action: string): void {
    if (this.#isReleased) throw new CacheReleasedError(action);
    if (this.#leasedFor !== null) throw new CacheBusyError(action, `'${this.#leasedFor}'`);
    this.#mustNotHaveFailed(action);
  }

  #mustNotHaveFailed(action: string): void {
    if (this.#failure === null) return;
    throw new CacheFailedError(action, this.#failure.what, this.#failure.cause);
  }
}
