import {
  checkInteger,
  checkNames,
  InvalidArgumentError,
  type RetentionPart,
  type RetentionRecord,
  type RetentionScores,
} from '@namm/core';
import type { CacheMemory } from './contracts/cache-memory.js';
import type { CacheShape } from './contracts/cache-shape.js';
import type { CacheView, ScoreListener } from './contracts/eviction-policy.js';
import { HeadHistory } from './head-history.js';

/** What a {@link RetentionRecorder} keeps of a policy's scores. */
export interface RetentionRecorderOptions {
  /**
   * `none`; `last`: the last score of every token in every head, two bytes each; or a number n: also the scores after
   * every n-th update.
   * @defaultValue 'none'
   */
  readonly scores?: 'none' | 'last' | number;
}

/** Texts that the recorder itself does not know; see {@link RetentionRecord}. */
export interface RetentionTexts {
  readonly ids?: Uint32Array;
  readonly pieces?: readonly string[];
  readonly parts?: readonly RetentionPart[];
  readonly notes?: Readonly<Record<string, string>>;
}

/** A cache as its recorder sees it. */
interface RecordedCache extends CacheView {
  readonly policy: { readonly name: string };
  memory(): CacheMemory;
}

/**
 * Records which tokens each head of one cache holds after each update. It changes nothing, works with any policy, and
 * costs a few numbers per token and head, and one pass over each head's rows per update. An eviction by hand counts as
 * an update. Tokens evicted before recording began are recorded as evicted at the first update. A fork of the cache
 * continues in its own copy: `fork.recorder`.
 *
 * @example
 * ```ts
 * const recorder = new RetentionRecorder({ scores: 'last' });
 * const cache = new KVCache(shape, { policy: h2o({ budget: '25%' }), recorder });
 * await cache.update(update);
 * await writeRetentionRecord('run.safetensors', recorder.record());
 * ```
 */
export class RetentionRecorder {
  readonly #scores: 'none' | 'last' | number;
  #shape: CacheShape | null = null;
  #policy = '';
  /** Per layer and head. */
  #heads: HeadHistory[][] = [];
  #seen: number[] = [];
  #memory: CacheMemory['bytes'][] = [];
  #snapshots: RetentionScores[] = [];

  /** @throws {InvalidArgumentError} for a bad option */
  constructor(options: RetentionRecorderOptions = {}) {
    const { scores = 'none' } = checkNames('RetentionRecorder', options, ['scores']);
    if (scores !== 'none' && scores !== 'last') checkInteger('scores', scores, 1);
    this.#scores = scores;
  }

  /**
   * Binds the recorder to its cache; the cache calls this.
   *
   * @throws {InvalidArgumentError} when it already records another cache
   */
  start(cache: RecordedCache): void {
    if (this.#shape !== null) {
      throw new InvalidArgumentError(
        'recorder',
        'records another cache already; make one for each',
      );
    }
    this.#shape = cache.shape;
    this.#policy = cache.policy.name;
    this.#heads = cache.shape.layers.map(({ keyValueHeads }) =>
      Array.from({ length: keyValueHeads }, () => new HeadHistory()),
    );
  }

  /** The listener that gets the policy's scores, if scores are recorded; the cache calls this. */
  scoreListener(view: CacheView): ScoreListener | undefined {
    if (this.#scores === 'none') return undefined;
    return (layer, head, scores) => {
      this.#heads[layer]![head]!.takeScores(view.tokens(layer, head), scores);
    };
  }

  /** Notes what the cache holds now; the cache calls this after each update and eviction by hand. */
  changed(cache: RecordedCache): void {
    const update = this.#seen.length;
    for (const [layer, heads] of this.#heads.entries()) {
      for (const [head, history] of heads.entries()) {
        history.advance(cache.seen, cache.tokens(layer, head), update);
      }
    }
    this.#seen.push(cache.seen);
    this.#memory.push(cache.memory().bytes);
    const every = this.#scores;
    if (typeof every === 'number' && (update + 1) % every === 0) {
      this.#snapshots.push(this.#snapshot());
    }
  }

  /** A second recorder with the same history, for a fork of the cache. */
  fork(): RetentionRecorder {
    const copy = new RetentionRecorder({ scores: this.#scores });
    copy.#shape = this.#shape;
    copy.#policy = this.#policy;
    copy.#heads = this.#heads.map((heads) => heads.map((head) => head.fork()));
    copy.#seen = [...this.#seen];
    copy.#memory = [...this.#memory];
    copy.#snapshots = [...this.#snapshots];
    return copy;
  }

  /**
   * Returns what was recorded so far; recording continues.
   *
   * @throws {InvalidArgumentError} when it records no cache, or the number of ids, pieces or tokens in the parts
   *   differs from the tokens seen
   */
  record(texts: RetentionTexts = {}): RetentionRecord {
    checkNames('record', texts, ['ids', 'pieces', 'parts', 'notes']);
    const { ids, pieces, parts, notes = {} } = texts;
    if (this.#shape === null) {
      throw new InvalidArgumentError('recorder', 'records no cache; give it to one as an option');
    }
    const tokens = this.#seen.at(-1) ?? 0;
    const given = {
      ids: ids?.length,
      pieces: pieces?.length,
      parts: parts?.reduce((sum, part) => sum + part.tokens, 0),
    };
    for (const [name, count] of Object.entries(given)) {
      if (count === undefined || count === tokens) continue;
      throw new InvalidArgumentError(name, `are ${count} for ${tokens} tokens seen`);
    }
    const updates = this.#seen.length;
    const evictedAt = new Uint32Array(this.#heads.flat().length * tokens);
    for (const [i, head] of this.#heads.flat().entries()) {
      head.writeEvictedAt(evictedAt.subarray(i * tokens, (i + 1) * tokens), updates);
    }
    const scores = [...this.#snapshots];
    const isDue = this.#scores !== 'none' && updates > 0 && scores.at(-1)?.update !== updates - 1;
    if (isDue) scores.push(this.#snapshot());
    const bytes = (name: keyof CacheMemory['bytes']) =>
      Float64Array.from(this.#memory, (memory) => memory[name]);
    return {
      model: this.#shape.model,
      policy: this.#policy,
      headsPerLayer: this.#shape.layers.map(({ keyValueHeads }) => keyValueHeads),
      seen: Uint32Array.from(this.#seen),
      bytes: {
        allocated: Float64Array.from(this.#memory, (memory) => memory.allocated + memory.shared),
        used: bytes('used'),
        positions: bytes('positions'),
        policy: bytes('policy'),
      },
      evictedAt,
      scores,
      ...(ids === undefined ? {} : { ids: ids.slice() }),
      ...(pieces === undefined ? {} : { pieces: [...pieces] }),
      ...(parts === undefined ? {} : { parts: parts.map((part) => ({ ...part })) }),
      notes: { ...notes },
    };
  }

  #snapshot(): RetentionScores {
    const heads = this.#heads.flat();
    const tokens = this.#seen.at(-1)!;
    const values = new Uint16Array(heads.length * tokens);
    for (const [i, head] of heads.entries())
      head.writeScores(values.subarray(i * tokens, (i + 1) * tokens));
    return { update: this.#seen.length - 1, values };
  }
}
