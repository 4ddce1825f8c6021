import type { CacheOptions, SequenceCache, SequenceModel } from './sequence-model.js';
import { TokenLog } from './token-log.js';
import { type FirstUnread, firstUnread } from './unread-tokens.js';

/** What of a sequence is not in its cache. */
interface History {
  /** Ids that were read, as far as they are known. */
  readonly log: TokenLog;
  /** The token that was written last, if it has not been read. */
  readonly pending: number | null;
}

/** One row of a batch: its cache, which tokens it has read, and the one it has only written. */
export class Sequence {
  readonly cache: SequenceCache;
  readonly #log: TokenLog;
  /** Valid as long as nothing has been read since. */
  #written: { readonly id: number; readonly seen: number } | null = null;

  constructor(cache: SequenceCache, history?: History) {
    this.cache = cache;
    this.#log = history?.log ?? new TokenLog();
    if (history && history.pending !== null) this.noteWritten(history.pending);
  }

  static async start(model: SequenceModel, options: CacheOptions): Promise<Sequence> {
    return new Sequence(await model.createCache(options));
  }

  get seen(): number {
    return this.cache.seen;
  }

  /** The token that was written last, null when it has been read or none was written. */
  get pending(): number | null {
    return this.#written?.seen === this.seen ? this.#written.id : null;
  }

  /** Ids that were read, as far as they are known. */
  get ids(): Int32Array {
    return this.#log.ids;
  }

  /** Bytes of the log. */
  get logBytes(): number {
    return this.#log.bytes;
  }

  /** How many of its first tokens a prompt has in common with what was read. */
  commonWith(prompt: readonly number[]): number {
    return this.#log.commonWith(prompt);
  }

  /**
   * Which tokens of a prompt are new to it, null when that cannot be told.
   *
   * @param isMasked whether a mask covers just the prompt
   */
  firstUnread(prompt: readonly number[], isMasked: boolean): FirstUnread | null {
    const { seen, pending } = this;
    const common = this.commonWith(prompt);
    // What was read through the direct API is not in the log, so no prompt can be recognised as its continuation.
    const isKnown = this.#log.length === seen;
    if (!isKnown && common === this.#log.length) return null;
    const beginsWithPending = pending !== null && prompt[0] === pending;
    return firstUnread({
      ...{ length: prompt.length, seen, common, isMasked, beginsWithPending },
      overlap: this.#log.overlapWith(prompt),
      run: this.#log.longestRunWith(prompt),
    });
  }

  /** A prompt that is only the new end, with the pending token before it, unless it begins with that itself. */
  withPending(newEnd: readonly number[]): readonly number[] {
    const { pending } = this;
    return pending === null || newEnd[0] === pending ? newEnd : [pending, ...newEnd];
  }

  /** Notes the token that was written after what was read. */
  noteWritten(id: number): void {
    this.#written = { id, seen: this.seen };
  }

  /**
   * Notes what was read.
   *
   * @param ids that were to be read
   * @param before tokens seen before; after an abort, not all of the ids have been read since
   */
  note(ids: readonly number[], before: number): void {
    const known = this.#log.length;
    if (known === before) this.#log.append(ids.slice(0, this.seen - before));
  }

  async fork(): Promise<Sequence> {
    const { pending } = this;
    return new Sequence(await this.cache.fork(), { log: this.#log.copy(), pending });
  }

  async release(): Promise<void> {
    await this.cache.release();
  }
}
