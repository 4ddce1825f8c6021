import { checkChoice, checkNames, FileFormatError, InvalidArgumentError } from '@namm/core';
import { InvalidSelectionError } from './cache-errors.js';
import { CacheGuard, type CacheHold } from './cache-guard.js';
import { checkShape } from './check-shape.js';
import { checkUpdate } from './check-update.js';
import { closedPositions, type GapScope, gapScopes } from './closed-positions.js';
import { hasCompactPositions } from './compact-positions.js';
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
import type { ProtectedSpan } from './contracts/protected-span.js';
import type { SavedState } from './contracts/saved-state.js';
import type { KeysAndValues, Segments } from './contracts/segments.js';
import type { CreateCacheOptions, DecideAfter, SequenceCache } from './contracts/sequence-model.js';
import { checkDecideAfter, isTimeToDecide } from './decide-after.js';
import { findInvalidSlots } from './find-invalid-slots.js';
import { NotedScores } from './noted-scores.js';
import { outsideWindow } from './outside-window.js';
import { partsOfProbe } from './parts-of-probe.js';
import { full } from './policies/full.js';
import { ProtectedSpans } from './protected-spans.js';
import { readCacheFile } from './read-cache-file.js';
import type { RetentionRecorder } from './retention-recorder.js';
import type { RotateKeys, RowBuffer } from './row-buffer.js';
import { SequenceRows } from './sequence-rows.js';
import { startPolicy } from './start-policy.js';
import { writeCacheFile } from './write-cache-file.js';

/** How a {@link KVCache} behaves. */
export interface KVCacheOptions extends CreateCacheOptions<EvictionPolicy> {
  /** Records what each head holds after each update. One recorder serves one cache. */
  readonly recorder?: RetentionRecorder;
}

/** The exclusive right to change a cache until it is released; see {@link KVCache.lease}. */
export interface CacheLease {
  /** As {@link KVCache.update}. */
  update(update: CacheUpdate): Promise<void>;
  /** As {@link KVCache.closeGaps}. */
  closeGaps(rotate: (layer: number) => RotateKeys | null, scope?: GapScope): void;
  /** Releases the cache; a second call does nothing. */
  release(): void;
}

/**
 * The keys and values of one sequence, per layer and KV head. Heads may hold different rows and different numbers of
 * rows. Keys are stored after RoPE, and each row keeps its position. Neither changes as long as positions are absolute.
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
  readonly #decideAfter: DecideAfter;
  readonly #guard = new CacheGuard();
  #rows: SequenceRows;
  #state: PolicyState;
  #recorder: RetentionRecorder | null;
  #protected = new ProtectedSpans();

  /** @throws {InvalidArgumentError} when the shape cannot be, or the policy cannot serve it */
  constructor(shape: CacheShape, options: KVCacheOptions = {}) {
    checkShape(shape);
    checkNames('KVCache', options, [
      ...(['policy', 'keepOutsideWindow', 'positions', 'decideAfter', 'recorder'] as const),
    ]);
    const { positions = shape.positions ?? 'absolute', keepOutsideWindow = false } = options;
    checkChoice('positions', positions, ['absolute', 'compact']);
    const { decideAfter = 'pass' } = options;
    checkDecideAfter(decideAfter);
    if (hasCompactPositions({ positions }) && keepOutsideWindow) {
      const problem = 'rows outside of a window cannot stay when positions are compact';
      throw new InvalidArgumentError('keepOutsideWindow', problem);
    }
    if (hasCompactPositions({ positions }) && shape.positionAxes !== undefined) {
      const problem = 'cannot be compact where tokens have positions of their own';
      throw new InvalidArgumentError('positions', problem);
    }
    this.shape = positions === (shape.positions ?? 'absolute') ? shape : { ...shape, positions };
    this.policy = options.policy ?? full();
    const { name, updateInterval } = this.policy;
    if (decideAfter !== 'pass' && updateInterval !== undefined) {
      const problem = `'${name}' chooses every ${updateInterval} tokens, whatever is said here`;
      throw new InvalidArgumentError('decideAfter', problem);
    }
    this.#decideAfter = decideAfter;
    this.#keepOutsideWindow = keepOutsideWindow;
    this.#state = startPolicy(this.policy, this.shape);
    this.#rows = SequenceRows.empty(this.shape);
    this.#recorder = options.recorder ?? null;
    this.#recorder?.start(this);
  }

  /** The recorder passed at construction, or the fork's own; null if nothing is recorded. */
  get recorder(): RetentionRecorder | null {
    return this.#recorder;
  }

  /** Tokens of the sequence so far, evicted ones included. */
  get seen(): number {
    return this.#rows.seen;
  }

  /** Position that the next token will have: `seen`, unless positions are compact. */
  get nextPosition(): number {
    return this.#rows.nextPosition;
  }

  /**
   * One more than the largest position given to the model on any axis: where text continues after an image. 0 if the
   * model numbers its tokens itself.
   */
  get nextAxisPosition(): number {
    return this.#rows.nextAxisPosition;
  }

  /**
   * The arrays of layers without rows, one for each of the shape's `states`: views that never change, because the next
   * pass makes new ones. They depend on every token read, even on those that every head has evicted.
   *
   * @throws {CacheReleasedError} when the cache was released
   */
  get states(): readonly Float32Array[] {
    this.#guard.mustHaveRows('read');
    return this.#rows.states;
  }

  /**
   * Rows that one head holds.
   *
   * @throws {InvalidArgumentError} here and below, when there is no such head
   * @throws {CacheReleasedError} here and below, when the rows are gone
   */
  length(layer: number, head: number): number {
    return this.#head(layer, head).length;
  }

  /**
   * Keys of one head, `[rows, headSize]`, as the model reads them: a view that is valid until the cache changes, or a
   * fresh copy if part of the rows is shared with forks or they are stored in reduced precision.
   *
   * @param first first slot to return
   */
  keys(layer: number, head: number, first = 0): Float32Array {
    return this.#head(layer, head).keys(first);
  }

  /** Values of one head, as {@link keys}. */
  values(layer: number, head: number, first = 0): Float32Array {
    return this.#head(layer, head).values(first);
  }

  /**
   * Keys and values of one head as stored, in at most two pieces: the rows shared with forks, then its own. Views, not
   * copies, valid until the cache changes. Without forks the shared piece is empty.
   */
  segments(layer: number, head: number): Segments {
    return this.#head(layer, head).segments;
  }

  /**
   * Keys and values of one head as stored, in one piece: views, or fresh copies if part of them is shared with forks.
   */
  stored(layer: number, head: number): KeysAndValues {
    return this.#head(layer, head).stored;
  }

  /**
   * Positions of one head's rows, ascending: a view that is valid until the cache changes, or a fresh copy if part of
   * the rows is shared with forks.
   */
  positions(layer: number, head: number): Int32Array {
    return this.#head(layer, head).positions;
  }

  /**
   * Token numbers of one head's rows, from 0, ascending. The same as {@link positions} if those are absolute, and a
   * view or copy like them.
   */
  tokens(layer: number, head: number): Int32Array {
    return this.#head(layer, head).tokens;
  }

  /**
   * Positions given to the model for one head's rows, `[length, axes]`, if the shape has `positionAxes`: a view or a
   * copy, like {@link positions}. Otherwise empty.
   */
  axisPositions(layer: number, head: number): Int32Array {
    return this.#head(layer, head).axes;
  }

  /**
   * Inputs of a `spectrum` probe in the next pass, from the policy; null if the policy has another probe.
   *
   * @param queries of that pass
   */
  spectrumFeeds(queries: number): SpectrumFeeds | null {
    return this.#state.spectrumFeeds?.(queries) ?? null;
  }

  /**
   * Appends the rows of a forward pass, passes the probes to the policy, and evicts what the policy does not keep. When
   * the promise resolves, the policy's budget holds, unless the cache waits for the end of a prompt.
   *
   * @param update of the pass
   * @throws {InvalidArgumentError} when the update does not match the cache, which is then unchanged
   * @throws {InvalidSelectionError} when the policy chooses slots that cannot be kept
   * @throws whatever the policy throws. After that, as after an invalid selection, the rows are in the cache and can be
   *   read, the policy has evicted nothing, and every further change throws a {@link CacheFailedError}
   * @throws {CacheFullError} when there is not enough memory for the rows; no head has then changed
   * @throws {CacheBusyError} when another operation is changing the cache
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
   * Locks the cache for an operation of several steps, such as computing a forward pass from its rows and appending the
   * new ones. Until the lease is released, any other change or fork throws a {@link CacheBusyError}; reading is still
   * allowed.
   *
   * @param work name of the operation, for the message of that error
   * @returns the right to change the cache; release it
   * @throws {CacheBusyError} when another operation has locked it
   */
  lease(work: string): CacheLease {
    const hold: CacheHold = this.#guard.hold(work);
    return {
      update: async (update) => {
        hold.mustStand('update');
        await this.#update(update);
      },
      closeGaps: (rotate, scope = 'sequence') => {
        hold.mustStand('closeGaps');
        this.#closeGaps(rotate, scope);
      },
      release: hold.release,
    };
  }

  /**
   * How many positions {@link closeGaps} would free now. With `sequence`, a position is a gap if no head of any layer
   * holds it, so heads that hold different tokens leave fewer gaps than heads that hold the same. With `head`, every
   * position that a head does not hold is a gap for it, so the head with the most rows determines the number. Positions
   * within the largest sliding window are never gaps.
   *
   * @throws {InvalidArgumentError} for another scope
   */
  gaps(scope: GapScope = 'sequence'): number {
    this.#guard.mustHaveRows('gaps');
    checkChoice('scope', scope, gapScopes);
    return this.nextPosition - closedPositions(this, scope).next;
  }

  /**
   * Closes gaps: positions stay in order, and the next token's is smaller by {@link gaps}. With `sequence`, all heads
   * share one mapping, and distances between tokens without a gap between them do not change. With `head`, rows keep
   * their distance to the next token as long as there is room for the rows before them, and the others get consecutive
   * positions; a token may then have different positions in different heads. Nothing changes within a sliding window.
   *
   * @param rotate for a layer, changes the keys of one head in place, `[rows, headSize]`, from the rotation of their
   *   old positions to that of their new ones; null for a layer whose keys are not rotated
   * @param scope what counts as a gap
   * @throws {InvalidArgumentError} when the positions of this cache are absolute, or for another scope
   * @throws whatever `rotate` throws, or a RangeError if there is no memory to copy shared rows; some heads have then
   *   changed, and the cache can only be read
   * @throws {CacheBusyError} when another operation is changing the cache
   */
  closeGaps(rotate: (layer: number) => RotateKeys | null, scope: GapScope = 'sequence'): void {
    const lease = this.lease('closeGaps');
    try {
      lease.closeGaps(rotate, scope);
    } finally {
      lease.release();
    }
  }

  /**
   * Evicts by hand; the policy forgets the same rows.
   *
   * @param kept per layer the ascending slots to keep per KV head, or null to keep the whole layer
   * @throws {InvalidArgumentError} when the slots cannot be kept; the cache is then unchanged
   * @throws {CacheBusyError} when another operation is changing the cache
   */
  keep(kept: readonly (KeptSlots | null)[]): void {
    this.#guard.mustBeUsable('keep');
    const invalid = findInvalidSlots(kept, this.#rows.lengths);
    if (invalid !== null) {
      const where = invalid.head === null ? '' : `[${invalid.head}]`;
      throw new InvalidArgumentError(`kept[${invalid.layer}]${where}`, invalid.problem);
    }
    this.#evict(kept);
    this.#recorder?.changed(this);
  }

  /** The spans last passed to {@link protect}, in order. */
  get protectedSpans(): readonly Required<ProtectedSpan>[] {
    return this.#protected.spans;
  }

  /**
   * Sets the tokens that no policy may drop from now on; replaces earlier spans. Tokens may be protected before they
   * are read. A policy's choice is corrected before it takes effect: protected rows stay, and under a policy with a
   * budget the rows with the lowest scores are evicted in their place. So the budget holds as long as it has room for
   * the protected rows and the newest one. Rows outside a sliding window are still dropped, since nothing can see them,
   * and so are rows evicted by hand with {@link keep}. Forks and saved caches keep the spans.
   *
   * @param spans in any order, without overlaps; an empty list protects nothing
   * @throws {InvalidArgumentError} when they overlap or one is invalid
   * @throws {CacheBusyError} when another operation is changing the cache
   * @example
   * ```ts
   * cache.protect([{ start: 0, end: systemPrompt.length }]);
   * ```
   */
  protect(spans: readonly ProtectedSpan[]): void {
    this.#guard.mustBeUsable('protect');
    this.#protected = new ProtectedSpans(spans);
  }

  /**
   * Writes the cache and its policy's state to a file, atomically: a safetensors file that {@link KVCache.restore}
   * reads, with a SHA-256 of its contents. A recorder's history is not included.
   *
   * @param path of the file
   * @param attached further tensors that belong to the sequence, for {@link KVCache.restoreAttached}
   * @throws {CacheBusyError} when another operation is changing the cache
   * @throws {CacheSaveError} when the file cannot be written; an older file of this name is then left unchanged
   */
  async save(path: string, attached: SavedState = new Map()): Promise<void> {
    const lease = this.lease('save');
    try {
      await writeCacheFile(path, this.shape, this.policy, {
        ...{ seen: this.seen, nextPosition: this.nextPosition },
        nextAxisPosition: this.nextAxisPosition,
        states: this.states,
        positions: this.shape.positions ?? 'absolute',
        keepOutsideWindow: this.#keepOutsideWindow,
        decideAfter: this.#decideAfter,
        protectedSpans: this.#protected.spans,
        heads: this.#rows.contents,
        state: this.#state.save(),
        attached,
      });
    } finally {
      lease.release();
    }
  }

  /**
   * Restores the cache that {@link save} wrote; it continues exactly as the saved one would have.
   *
   * @param path of the file
   * @param shape of the model's caches
   * @param options the policy that it was saved with, and optionally a recorder; everything else comes from the file
   * @throws {FileFormatError} when the file cannot be read, is truncated or is not a saved cache
   * @throws {CacheMismatchError} when it was saved with another model, policy or settings
   * @throws {InvalidArgumentError} when the shape cannot be, or the policy cannot serve it
   */
  static async restore(
    path: string,
    shape: CacheShape,
    options: Pick<KVCacheOptions, 'policy' | 'recorder'> = {},
  ): Promise<KVCache> {
    const { cache, attached } = await KVCache.restoreAttached(path, shape, options);
    if (attached.size === 0) return cache;
    const problem = 'belongs to something larger, such as an episode; restore it as that';
    throw new FileFormatError(path, problem);
  }

  /**
   * Like {@link restore}, and also returns the tensors attached by {@link save}; empty if there were none.
   *
   * @throws as {@link restore}
   */
  static async restoreAttached(
    path: string,
    shape: CacheShape,
    given: Pick<KVCacheOptions, 'policy' | 'recorder'> = {},
  ): Promise<{ readonly cache: KVCache; readonly attached: SavedState }> {
    checkNames('restore', given, ['policy', 'recorder']);
    const { policy = full(), recorder } = given;
    const contents = await readCacheFile(path, shape, policy);
    const { keepOutsideWindow, decideAfter, positions: mode } = contents;
    const options = { policy, keepOutsideWindow, decideAfter, positions: mode };
    const cache = new KVCache(shape, { ...options, ...(recorder && { recorder }) });
    try {
      cache.#state = policy.restore(cache.shape, contents.state);
    } catch (cause) {
      if (!(cause instanceof FileFormatError)) throw cause;
      throw new FileFormatError(path, cause.message, { cause });
    }
    cache.#rows = SequenceRows.of(cache.shape, contents.heads, contents);
    cache.#protected = new ProtectedSpans(contents.protectedSpans);
    return { cache, attached: contents.attached };
  }

  /**
   * A second cache with the same rows and policy state, independent from now on. Both read the current rows from the
   * same memory, and append to memory of their own. The first time one of them evicts a shared row of a head, it copies
   * what it keeps of that head; the others go on sharing. When a fork is forked, rows that it does not share yet are
   * copied if they are at most a quarter of those it shares; more are joined with those into memory that the two share.
   *
   * @param policy of the fork, which takes over the state of this cache's policy; by default the same policy
   * @throws {InvalidArgumentError} when the other policy cannot take over that state
   * @throws {CacheBusyError} when another operation is changing the cache
   */
  fork(policy: EvictionPolicy = this.policy): KVCache {
    this.#guard.mustBeUsable('fork');
    const copy = new KVCache(this.shape, { policy, ...this.#settings });
    copy.#state = policy === this.policy ? this.#state.fork() : this.#takeOver(policy);
    copy.#rows = this.#rows.fork();
    copy.#protected = this.#protected;
    copy.#recorder = this.#recorder?.fork() ?? null;
    return copy;
  }

  /**
   * A copy of the cache under another policy, which takes over the current policy's state and chooses at once, as if
   * the last pass had run under it. This way, the work that many policies share before their first choice is done only
   * once. No memory is shared. If the current policy has evicted nothing, the copy is bit for bit the same as a cache
   * that had the new policy from the start.
   *
   * @param policy of the copy
   * @returns the copy
   * @throws {InvalidArgumentError} when the policy cannot take over from this one's
   * @throws {InvalidSelectionError} when it chooses slots that cannot be kept; errors thrown by the policy are passed
   *   on
   * @throws {CacheBusyError} when another operation is changing the cache
   */
  async copyUnder(policy: EvictionPolicy): Promise<KVCache> {
    this.#guard.mustBeUsable('copyUnder');
    const copy = new KVCache(this.shape, { policy, ...this.#settings });
    copy.#state = this.#takeOver(policy);
    copy.#rows = this.#rows.copy();
    copy.#protected = this.#protected;
    await copy.#choose();
    return copy;
  }

  /**
   * Frees rows and policy state at once; forks no longer count this cache as a sharer. Afterwards, reading a row or
   * changing the cache throws a {@link CacheReleasedError}, and {@link memory} reports that nothing is held. A second
   * call does nothing. Without this call the garbage collector frees the memory later.
   *
   * @throws {CacheBusyError} when another operation is changing the cache
   */
  async release(): Promise<void> {
    if (this.#guard.isReleased) return;
    this.#guard.release();
    this.#rows.release();
    const { seen, nextPosition, nextAxisPosition } = this;
    const point = { seen, nextPosition, nextAxisPosition, states: [] };
    this.#rows = SequenceRows.of(this.shape, [], point);
    this.#state.release?.();
    this.#state = full().start(this.shape); // remembers nothing
  }

  /** What the cache holds, and the memory that takes. */
  memory(): CacheMemory {
    return this.#rows.memory(this.#state.bytes);
  }

  get #settings() {
    return { keepOutsideWindow: this.#keepOutsideWindow, decideAfter: this.#decideAfter };
  }

  #takeOver(policy: EvictionPolicy): PolicyState {
    if (policy.takeOver !== undefined) return policy.takeOver(this.shape, this.#state);
    const problem = `'${policy.name}' cannot take over from '${this.policy.name}'`;
    throw new InvalidArgumentError('policy', problem);
  }

  async #update(update: CacheUpdate): Promise<void> {
    checkUpdate(update, this, this.policy, () => this.spectrumFeeds(update.count));
    this.#rows.append(update);
    try {
      await this.#evictByPolicy(update);
    } catch (cause) {
      this.#guard.fail(`an update under '${this.policy.name}'`, cause);
      throw cause;
    } finally {
      this.#recorder?.changed(this); // also when the policy failed: the rows are in the cache
    }
  }

  async #evictByPolicy(update: CacheUpdate): Promise<void> {
    const perLayer = partsOfProbe(this.policy.probe).length;
    for (const [i, observation] of update.observations.entries()) {
      this.#state.observe(Math.floor(i / perLayer), observation);
    }
    // Before the policy chooses, so that it spends no budget on rows that nobody can see.
    if (!this.#keepOutsideWindow) {
      this.#evict(outsideWindow(this, this.policy.keepsEverything === true));
    }
    const { seen } = this;
    const { count, moreFollows = false } = update;
    if (isTimeToDecide(this.#decideAfter, seen - count, seen, moreFollows)) await this.#choose();
  }

  async #choose(): Promise<void> {
    const recorded = this.#recorder?.scoreListener(this);
    const noted = this.#protected.isEmpty ? null : new NotedScores(recorded);
    const kept = await this.#state.select(this, noted?.listener ?? recorded);
    const invalid = findInvalidSlots(kept, this.#rows.lengths);
    if (invalid !== null) {
      const { layer, head, problem } = invalid;
      throw new InvalidSelectionError(this.policy.name, layer, head, problem);
    }
    const { hasBudget = true } = this.policy;
    this.#evict(noted ? this.#protected.spare(kept, this, noted, hasBudget) : kept);
  }

  #closeGaps(rotate: (layer: number) => RotateKeys | null, scope: GapScope): void {
    checkChoice('scope', scope, gapScopes);
    if (!hasCompactPositions(this.shape)) {
      const problem = 'its positions are absolute; make it with positions: compact';
      throw new InvalidArgumentError('cache', problem);
    }
    // Else rows that are outside of their window might come into it again.
    this.#evict(outsideWindow(this, false));
    try {
      this.#rows.renumber(closedPositions(this, scope), rotate);
    } catch (cause) {
      this.#guard.fail('closing gaps', cause);
      throw cause;
    }
  }

  #evict(kept: readonly (KeptSlots | null)[]): void {
    if (kept.every((layer) => layer === null)) return;
    this.#rows.retain(kept);
    this.#state.retain(kept);
  }

  #head(layer: number, head: number): RowBuffer {
    this.#guard.mustHaveRows('read');
    return this.#rows.head(layer, head);
  }
}
