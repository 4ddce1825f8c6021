import { DynamicCache } from '@huggingface/transformers';
import { InvalidArgumentError } from '@namm/core';
import { CacheUseError, checkPositionLimit, type Decoder, type StepOptions } from '@namm/decoder';
import { CacheBusyError } from '@namm/kv-cache';
import type {
  AnyDecoder,
  AnyPolicy,
  CacheOf,
  SequenceCache,
  SequenceModel,
} from './sequence-model.js';
import { sumMemory, type TextCacheMemory } from './text-cache-memory.js';
import { TokenLog } from './token-log.js';
import type { TokenRows } from './token-rows.js';
import { type FirstUnread, firstUnread } from './unread-tokens.js';

/** One row of the batch. */
interface Row {
  cache: SequenceCache;
  log: TokenLog;
  firstPrompt: number;
}

/** The right of one call to read into a cache. */
interface CacheHold {
  /** A second call does nothing. */
  release(): void;
}

/** What a prompt means for a cache: per sequence, from which token on it is new. */
interface ReadingPlan {
  readonly unread: readonly (readonly number[])[];
  readonly first: readonly FirstUnread[];
}

/**
 * Makes the class on top of transformers.js' own, which lets pipelines and `generate` take it for a cache.
 * Its fields are private because transformers.js takes every own property of a cache for a tensor.
 */
class SequenceCaches extends (DynamicCache as unknown as new () => object) {
  readonly #model: SequenceModel;
  readonly #policy: AnyPolicy | undefined;
  #rows: Row[] = [];
  #restarts = 0;
  #disposed = false;
  #hold: CacheHold | null = null;

  constructor(model: SequenceModel, policy: AnyPolicy | undefined) {
    super();
    this.#model = model;
    this.#policy = policy;
  }

  get_seq_length(): number {
    return Math.max(0, ...this.#rows.map(({ cache }) => cache.seen));
  }

  get sequences(): readonly SequenceCache[] {
    return this.#rows.map(({ cache }) => cache);
  }

  get restarts(): number {
    return this.#restarts;
  }

  update(entries: Readonly<Record<string, unknown>>): void {
    if (Object.keys(entries).length === 0) return;
    throw new CacheUseError(
      'A NammCache holds no tensors of other models; use it with the NammModelForCausalLM that made it.',
    );
  }

  async memory(): Promise<TextCacheMemory> {
    const reports = await Promise.all(this.#rows.map(({ cache }) => cache.memory()));
    return sumMemory(
      reports,
      this.#rows.reduce((bytes, { log }) => bytes + log.bytes, 0),
    );
  }

  async fork(): Promise<SequenceCaches> {
    this.#mustBeUsable();
    this.#mustBeFree('fork');
    const copy = new SequenceCaches(this.#model, this.#policy);
    copy.#rows = await Promise.all(
      this.#rows.map(async ({ cache, log, firstPrompt }) => ({
        cache: await cache.fork(),
        log: log.copy(),
        firstPrompt,
      })),
    );
    return copy;
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    const rows = this.#rows;
    this.#rows = [];
    await Promise.all(rows.map(({ cache }) => cache.release?.()));
  }

  /**
   * Which tokens of a prompt are to be read. Nothing changes yet.
   *
   * @param prompt.past when an attention mask counts tokens before the prompt, all of it is new; else the
   *   tokens themselves have to tell
   */
  plan({ rows: prompt, past }: Pick<TokenRows, 'rows' | 'past'>): ReadingPlan {
    this.#mustBeUsable();
    this.#mustHold(prompt.length, past);
    const first = prompt.map((ids, i) => {
      const row = this.#rows[i];
      if (row === undefined || row.cache.seen === 0 || past !== null) return 0;
      // Ids are unknown for what was read by hand, through the direct API.
      const { seen } = row.cache;
      if (row.log.length !== seen) return ids.length > seen ? seen : 0;
      return firstUnread(ids.length, {
        seen,
        firstPrompt: row.firstPrompt,
        common: row.log.commonWith(ids),
      });
    });
    const unread = prompt.map((ids, i) =>
      first[i] === 'restart' ? ids : ids.slice(first[i] as number),
    );
    for (const [i, { length }] of unread.entries()) {
      const seen = first[i] === 'restart' ? 0 : (this.#rows[i]?.cache.seen ?? 0);
      checkPositionLimit(this.#model.spec, seen + length);
    }
    return { unread, first };
  }

  /**
   * Takes the cache for one call: two that write into one conversation would mix their answers.
   *
   * @throws {CacheBusyError} when another call has it
   */
  hold(): CacheHold {
    this.#mustBeFree('generate');
    const hold: CacheHold = {
      release: () => {
        if (this.#hold === hold) this.#hold = null;
      },
    };
    this.#hold = hold;
    return hold;
  }

  /** Empties the sequences that a plan wants to begin anew. */
  async prepare({ first }: ReadingPlan): Promise<void> {
    for (const [i, start] of first.entries()) {
      if (start !== 'restart') continue;
      const old = this.#rows[i]!;
      this.#rows[i] = await this.#newRow();
      this.#restarts++;
      await old.cache.release?.();
    }
  }

  /** Reads new tokens, one list per sequence, and returns the logits asked for. */
  async read(
    { rows: ids, past }: Pick<TokenRows, 'rows' | 'past'>,
    outputs: 'last' | 'all',
    options: StepOptions,
  ): Promise<Float32Array[]> {
    this.#mustBeUsable();
    this.#mustHold(ids.length, past);
    while (this.#rows.length < ids.length) this.#rows.push(await this.#newRow());
    const rows = this.#rows;
    const before = rows.map(({ cache }) => cache.seen);
    try {
      const items = rows.map(({ cache }, i) => ({ cache, input: { ids: ids[i]! }, outputs }));
      const results = await this.#model.step(items, options);
      return results.map(({ logits }) => logits);
    } finally {
      // After an abort or an error, what was read until then is in the caches.
      for (const [i, row] of rows.entries()) {
        if (row.log.length === 0) row.firstPrompt = row.cache.seen;
        if (row.log.length === before[i])
          row.log.append(ids[i]!.slice(0, row.cache.seen - before[i]!));
      }
    }
  }

  /** Whether every sequence has room for one more token. */
  get hasRoom(): boolean {
    return this.get_seq_length() < this.#model.spec.maximumPositions;
  }

  async #newRow(): Promise<Row> {
    const cache = await this.#model.createCache(this.#policy ? { policy: this.#policy } : {});
    return { cache, log: new TokenLog(), firstPrompt: 0 };
  }

  /** @throws {CacheUseError} when it does not belong to a model */
  mustBelongTo(model: SequenceModel): void {
    if (model === this.#model) return;
    throw new CacheUseError(
      'past_key_values belongs to another model; use createCache of this one, or pass none.',
    );
  }

  #mustHold(batch: number, past: readonly number[] | null): void {
    for (const [i, count] of (past ?? []).entries()) {
      const seen = this.#rows[i]?.cache.seen ?? 0;
      if (count === seen) continue;
      const problem = `counts ${count} tokens of row ${i} before input_ids, but past_key_values has seen ${seen}`;
      throw new InvalidArgumentError('attention_mask', problem);
    }
    const sequences = this.#rows.length;
    if (sequences === 0 || sequences === batch) return;
    throw new CacheUseError(
      `past_key_values holds ${sequences} sequences, but the batch has ${batch}; keep the batch as it was, or use a new cache.`,
    );
  }

  #mustBeFree(action: string): void {
    if (this.#hold !== null)
      throw new CacheBusyError(action, 'another call of generate or forward');
  }

  #mustBeUsable(): void {
    if (this.#disposed)
      throw new CacheUseError('The cache was disposed of; make another with createCache.');
  }
}

/** What a cache of {@link NammModelForCausalLM} offers beyond a `DynamicCache` of transformers.js. */
export interface NammCacheMembers<Model extends AnyDecoder> {
  /**
   * The cache of each sequence of the batch, as the direct API knows it: a `KVCache`, or a handle on the one
   * in the worker. Empty before the first tokens are read.
   */
  readonly sequences: readonly CacheOf<Model>[];
  /**
   * How often a sequence was read anew because a prompt departed from what was read. Each costs the time to
   * read the whole prompt; pass only new tokens, with an `attention_mask` of all, to avoid it.
   */
  readonly restarts: number;
  /** What the cache holds and what that costs. */
  memory(): Promise<TextCacheMemory>;
  /**
   * A second cache with the same sequences that goes its own way from here.
   *
   * @throws {CacheBusyError} while a call reads into it
   */
  fork(): Promise<NammCache<Model>>;
}

/**
 * What `past_key_values` of a {@link NammModelForCausalLM} is: one cache per sequence of the batch, each with
 * its own tokens only, which forget what their policy does not keep. `get_seq_length()` counts tokens *seen*,
 * `dispose()` frees them. It is made by {@link NammModelForCausalLM.createCache}, or by `generate` with
 * `return_dict_in_generate`.
 */
export type NammCache<Model extends AnyDecoder = Decoder> = DynamicCache & NammCacheMembers<Model>;

/** The class with what only the model uses. @internal */
export { SequenceCaches };
