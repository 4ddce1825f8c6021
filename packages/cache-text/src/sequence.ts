import type { CacheOptions, SequenceCache, SequenceModel } from './sequence-model.js';
import { TokenLog } from './token-log.js';
import { type FirstUnread, firstUnread } from './unread-tokens.js';

/** One row of a batch: its cache, and which tokens it has read. */
export class Sequence {
  readonly cache: SequenceCache;
  readonly #log: TokenLog;
  #firstPrompt: number;

  constructor(cache: SequenceCache, log = new TokenLog(), firstPrompt = 0) {
    this.cache = cache;
    this.#log = log;
    this.#firstPrompt = firstPrompt;
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
    return new Sequence(await this.cache.fork(), this.#log.copy(), this.#firstPrompt);
  }

  async release(): Promise<void> {
    if ('release' in this.cache) await this.cache.release();
  }
}
