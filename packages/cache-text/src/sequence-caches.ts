import { DynamicCache } from '@huggingface/transformers';
import { InvalidArgumentError } from '@namm/core';
import { CacheUseError } from '@namm/decoder';
import { CacheBusyError, hasCompactPositions, type StepOptions } from '@namm/kv-cache';
import { PromptMismatchError } from './errors.js';
import { restoreSequences, saveSequences } from './saved-sequences.js';
import { Sequence } from './sequence.js';
import type { CacheOptions, SequenceCache, SequenceModel } from './sequence-model.js';
import { sumMemory, type TextCacheMemory } from './text-cache-memory.js';
import type { TokenRows } from './token-rows.js';
import type { FirstUnread } from './unread-tokens.js';

/** What a prompt means for a cache. */
export interface ReadingPlan {
  /** New tokens per sequence. */
  readonly unread: readonly (readonly number[])[];
  readonly first: readonly FirstUnread[];
}

/** The right of one call to use a cache. */
interface Hold {
  /** A second call does nothing. */
  release(): void;
}

/**
 * The caches of a batch; what a `NammCache` is underneath. It derives from transformers.js' own class, so that
 * what asks for one is content. Its fields are private because transformers.js takes every own property of a
 * cache for a tensor.
 */
export class SequenceCaches extends (DynamicCache as unknown as new () => object) {
  readonly #model: SequenceModel;
  readonly #options: CacheOptions;
  #sequences: Sequence[];
  #restarts = 0;
  #disposed = false;
  #held: Hold | null = null;

  constructor(model: SequenceModel, options: CacheOptions, sequences: Sequence[] = []) {
    super();
    this.#model = model;
    this.#options = options;
    this.#sequences = sequences;
  }

  /** @throws as `NammModelForCausalLM.restoreCache` says */
  static async restore(
    model: SequenceModel,
    options: CacheOptions,
    folder: string,
  ): Promise<SequenceCaches> {
    return new SequenceCaches(model, options, await restoreSequences(model, options, folder));
  }

  get_seq_length(): number {
    return Math.max(0, ...this.#sequences.map(({ seen }) => seen));
  }

  get sequences(): readonly SequenceCache[] {
    return this.#sequences.map(({ cache }) => cache);
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
    const reports = await Promise.all(this.#sequences.map(({ cache }) => cache.memory()));
    const logs = this.#sequences.reduce((bytes, { logBytes }) => bytes + logBytes, 0);
    return sumMemory(reports, logs);
  }

  async fork(): Promise<SequenceCaches> {
    return this.#whileHeld('fork', async () => {
      const copies = await Promise.all(this.#sequences.map((sequence) => sequence.fork()));
      return new SequenceCaches(this.#model, this.#options, copies);
    });
  }

  async save(folder: string): Promise<void> {
    await this.#whileHeld('save', () => saveSequences(this.#sequences, folder));
  }

  async dispose(): Promise<void> {
    // Before anything changes: rows that a call is reading cannot be freed.
    if (this.#held !== null) throw new CacheBusyError('dispose', 'another call');
    this.#disposed = true;
    const sequences = this.#sequences;
    this.#sequences = [];
    await Promise.all(sequences.map((sequence) => sequence.release()));
  }

  /** @throws {CacheUseError} when it was made by another model */
  mustBelongTo(model: SequenceModel): void {
    if (model === this.#model) return;
    throw new CacheUseError(
      'past_key_values belongs to another model; use createCache of this one, or pass none.',
    );
  }

  /**
   * Takes the cache for one call: two that write into one conversation would mix their answers.
   *
   * @throws {CacheUseError} when it was disposed of
   * @throws {CacheBusyError} when another call has it
   */
  hold(action: string): Hold {
    this.#mustBeUsable();
    if (this.#held !== null) throw new CacheBusyError(action, 'another call');
    const hold: Hold = {
      release: () => {
        if (this.#held === hold) this.#held = null;
      },
    };
    this.#held = hold;
    return hold;
  }

  /**
   * Which tokens of a prompt are to be read. Nothing changes yet.
   *
   * @throws {PromptMismatchError} when that cannot be told
   */
  plan({ rows, past, isMasked }: TokenRows): ReadingPlan {
    this.#mustHold(rows.length, past);
    const first = rows.map((ids, i): FirstUnread => {
      const sequence = this.#sequences[i];
      // A mask that counts tokens before the prompt says that all of the prompt is new.
      if (sequence === undefined || sequence.seen === 0 || past !== null) return 0;
      const told = sequence.firstUnread(ids, isMasked);
      if (told !== null) return told;
      throw new PromptMismatchError(ids.length, sequence.seen, sequence.commonWith(ids));
    });
    const unread = rows.map((ids, i) => {
      const from = first[i]!;
      if (from === 'restart') return ids;
      return from > 0 ? ids.slice(from) : (this.#sequences[i]?.withPending(ids) ?? ids);
    });
    return { unread, first };
  }

  /**
   * Reads new tokens into each sequence.
   *
   * @param plan says which sequences are to begin anew; they do once something has been read
   * @returns per sequence the logits asked for
   */
  async read(
    { rows, past }: TokenRows,
    outputs: 'last' | 'all',
    options: StepOptions,
    plan?: ReadingPlan,
  ): Promise<Float32Array[]> {
    this.#mustBeUsable();
    this.#mustHold(rows.length, past);
    const sequences = await this.#sequencesFor(rows.length, plan);
    const before = sequences.map(({ seen }) => seen);
    const items = sequences
      .map(({ cache }, i) => ({ cache, input: { ids: rows[i]! }, outputs }))
      .filter(({ input }) => input.ids.length > 0);
    try {
      const results = items.length > 0 ? await this.#model.step(items, options) : [];
      return results.map(({ logits }) => logits);
    } finally {
      // Also after an abort or an error: what was read counts, and what was refused has changed nothing.
      for (const [i, sequence] of sequences.entries()) sequence.note(rows[i]!, before[i]!);
      await this.#takeOver(sequences);
    }
  }

  /**
   * Reads a prompt but for its last token, and forks each sequence: the forks write one answer each.
   *
   * @param count forks per sequence; those of one follow each other
   * @returns the forks, and the last token, which they are to read
   */
  async forkAtEnd(
    prompt: TokenRows,
    plan: ReadingPlan,
    count: number,
    options: StepOptions,
  ): Promise<{ readonly forks: SequenceCaches; readonly unread: ReadingPlan }> {
    const rows = plan.unread.map((ids) => ids.slice(0, -1));
    await this.read({ ...prompt, rows, past: null }, 'last', options, plan);
    const copies: Sequence[] = [];
    for (const row of rows.keys()) {
      // A prompt of one token leaves nothing to fork.
      const sequence = this.#sequences[row];
      const copy = () => sequence?.fork() ?? Sequence.start(this.#model, this.#options);
      for (let i = 0; i < count; i++) copies.push(await copy());
    }
    const last = plan.unread.flatMap((ids) =>
      new Array<readonly number[]>(count).fill(ids.slice(-1)),
    );
    return {
      forks: new SequenceCaches(this.#model, this.#options, copies),
      unread: { unread: last, first: copies.map(({ seen }) => seen) },
    };
  }

  /** Notes the token that each sequence has written, which is read when it goes on. */
  noteWritten(ids: readonly number[]): void {
    for (const [i, sequence] of this.#sequences.entries()) sequence.noteWritten(ids[i]!);
  }

  /** Whether every sequence has room for one more token. Compact positions do not run out. */
  get hasRoom(): boolean {
    if (this.#sequences.some(({ cache }) => hasCompactPositions(cache.shape))) return true;
    return this.get_seq_length() < this.#model.spec.maximumPositions;
  }

  /** The sequences of a batch, with new ones where there are none, or the plan wants to begin anew. */
  async #sequencesFor(batch: number, plan: ReadingPlan | undefined): Promise<readonly Sequence[]> {
    const start = () => Sequence.start(this.#model, this.#options);
    if (this.#sequences.length === 0) {
      const begun: Sequence[] = [];
      while (begun.length < batch) begun.push(await start());
      this.#sequences = begun;
    }
    const sequences = [...this.#sequences];
    for (const [i, first] of (plan?.first ?? []).entries()) {
      if (first === 'restart') sequences[i] = await start();
    }
    return sequences;
  }

  /** Puts sequences that begin anew in the places of the old ones, unless they have read nothing. */
  async #takeOver(sequences: readonly Sequence[]): Promise<void> {
    for (const [i, sequence] of sequences.entries()) {
      const old = this.#sequences[i];
      if (sequence === old) continue;
      const isBegun = old !== undefined && sequence.seen > 0;
      if (isBegun) {
        this.#sequences[i] = sequence;
        this.#restarts++;
      }
      await (isBegun ? old : sequence).release();
    }
    if (this.#sequences.some(({ seen }) => seen > 0)) return;
    // Nothing was read: the batch may yet have any size.
    const unused = this.#sequences;
    this.#sequences = [];
    await Promise.all(unused.map((sequence) => sequence.release()));
  }

  async #whileHeld<Result>(action: string, work: () => Promise<Result>): Promise<Result> {
    const hold = this.hold(action);
    try {
      return await work();
    } finally {
      hold.release();
    }
  }

  #mustHold(batch: number, past: readonly number[] | null): void {
    const { length } = this.#sequences;
    if (length !== 0 && length !== batch) {
      throw new CacheUseError(
        `past_key_values holds ${length} sequences, but the batch has ${batch}; keep the batch as it was, or use a new cache.`,
      );
    }
    for (const [i, count] of (past ?? []).entries()) {
      const seen = this.#sequences[i]?.seen ?? 0;
      if (count === seen) continue;
      const problem = `counts ${count} tokens of row ${i} before input_ids, but past_key_values has seen ${seen}`;
      throw new InvalidArgumentError('attention_mask', problem);
    }
  }

  #mustBeUsable(): void {
    if (!this.#disposed) return;
    throw new CacheUseError('The cache was disposed of; make another with createCache.');
  }
}
