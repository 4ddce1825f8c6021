import type { CacheOptions, SequenceCache, SequenceModel } from './sequence-model.js';
import { TokenLog } from './token-log.js';
import { type FirstUnread, firstUnread } from './unread-tokens.js';

/** What of a sequence is not in its cache. */
interface History {
  /** Ids that were read, as far as they are known. */
  readonly log: TokenLog;
  /** Tokens of the first prompt. */
  readonly firstPrompt: number;
  /** The token that was written last, if it has not been read. */
  readonly pending: number | null;
}

/** One row of a batch: its cache, which tokens it has read, and the one it has only written. */
export class Sequence {
  readonly cache: SequenceCache;
  readonly #log: TokenLog;
  #firstPrompt: number;
  /** Valid as long as nothing has been read since. */
  #written: { readonly id: number; readonly seen: number } | null = null;

  constructor(cache: SequenceCache, history?: History) {
    this.cache = cache;
    this.#log = history?.log ?? new TokenLog();
    this.#firstPrompt = history?.firstPrompt ?? 0;
    if (history && history.pending !== null) this.noteWritten(history.pending);
  }

  static async start(model: SequenceModel, options: CacheOptions): Promise<Sequence> {
    return new Sequence(await model.createCache(options));
  }

  get seen(): number {
    return this.cache.seen;
  }

  /** Tokens of the first prompt that was read into it. */
  get firstPrompt(): number {
    return this.#firstPrompt;
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

  /** Which tokens of a prompt are new to it, null when that cannot be told. */
  firstUnread(prompt: readonly number[]): FirstUnread | null {
    const { seen } = this;
    // What was read by hand, through the direct API, is not in the log: then the length has to tell.
    if (this.#log.length !== seen) return prompt.length > seen ? seen : 0;
    const common = this.commonWith(prompt);
    return firstUnread(prompt.length, { seen, firstPrompt: this.#firstPrompt, common });
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
    if (known === 0) this.#firstPrompt = this.seen;
    if (known === before) this.#log.append(ids.slice(0, this.seen - before));
  }

  async fork(): Promise<Sequence> {
    const { firstPrompt, pending } = this;
    return new Sequence(await this.cache.fork(), { log: this.#log.copy(), firstPrompt, pending });
  }

  async release(): Promise<void> {
    await this.cache.release();
  }
}
