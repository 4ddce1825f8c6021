import { createHash } from 'node:crypto';
import {
  type EvictionPolicy,
  type KVCache,
  keptShare,
  type Onlookers,
  type StepOptions,
} from '@namm/kv-cache';
import { CacheWatch } from '../../compare/cache-watch.js';
import type { ComparedPolicy } from '../../compare/compare-policies.js';
import { goneEverywhere } from '../../compare/gone-everywhere.js';
import type { AnsweringModel } from '../../score-samples.js';
import type { PublicItem, PublicTask } from '../data/public-task.js';
import { allQuirks, noQuirks, type Quirk } from '../scores/quirks.js';
import { OfficialScorerError } from '../scores/score-infinitebench.js';
import type { EvictionTime } from './eviction-time.js';
import type { AskedItem, ItemGroup } from './item-groups.js';
import { commonLength } from './prepare-prompt.js';
import type { PublicResult, ResultStore } from './public-result.js';

/** Writes an answer behind a cache, piece by piece. */
export type Answer = (
  cache: KVCache,
  ids: readonly number[],
  options: {
    readonly maxNewTokens: number;
    readonly onToken: () => void;
    readonly signal?: AbortSignal;
  },
) => AsyncIterable<string>;

/** A cache that has read something, with what that cost. */
interface Read {
  readonly cache: KVCache;
  readonly watch: CacheWatch;
  seconds: number;
  residentBytes: number;
}

/** What a policy held before the question, or before the answer. */
type Held = Pick<PublicResult, 'keptShare' | 'bytes' | 'goneEverywhere'>;

/** How many answer together just now. */
export interface AnswerTurn {
  answering: number;
}

/** A prompt that is read for a policy. */
interface ReadyPrompt {
  /** Has it answered, together with others that are asked for at the same time. */
  readonly result: () => Promise<PublicResult>;
  readonly release: () => Promise<void>;
}

/** What of the options of a run a reading goes by. */
export interface GroupReadingOptions {
  readonly model: AnsweringModel;
  readonly answer: Answer;
  readonly store: ResultStore;
  /** Tokens of an answer, at most. */
  readonly maxNewTokens: number;
  readonly evict: EvictionTime;
  readonly signal?: AbortSignal;
}

/** Policies that read alike. */
export interface Reader {
  /** What they read under. */
  readonly policy: EvictionPolicy;
  readonly members: readonly ComparedPolicy[];
  /** Of the members, where they look on and evict once; null where they evict as they read. */
  readonly onlookers: Onlookers | null;
}

/** The prompts of a group as policies ask them that read alike; nothing is read before an answer needs it. */
export class GroupReading {
  readonly #task: PublicTask;
  readonly #group: ItemGroup;
  readonly #reader: Reader;
  readonly #options: GroupReadingOptions;
  #shared: Read | null = null;
  #whole: (Read & { readonly ids: Int32Array }) | null = null;

  constructor(task: PublicTask, group: ItemGroup, reader: Reader, options: GroupReadingOptions) {
    this.#task = task;
    this.#group = group;
    this.#reader = reader;
    this.#options = options;
  }

  /**
   * Reads a prompt for a policy, up to where its answer begins; nothing is read for a result that is in the store.
   *
   * @param asked the prompt
   * @param policy that answers it
   * @param turn counts those who answer together
   */
  async prepare(asked: AskedItem, policy: ComparedPolicy, turn: AnswerTurn): Promise<ReadyPrompt> {
    const { store, signal } = this.#options;
    signal?.throwIfAborted();
    const key = keyOf(this.#task, asked, policy, this.#options);
    let ready: (Read & Held) | null = null;
    if (!store.has(key)) {
      const whole = await this.#read(asked);
      ready = await this.#toAnswer(
        asked,
        policy,
        await this.#afterReading(whole, policy),
        whole.ids,
      );
      turn.answering++;
    }
    return {
      result: () => store.get(key, () => this.#answer(asked, policy, ready!, turn)),
      release: async () => await ready?.cache.release(),
    };
  }

  async release(): Promise<void> {
    await this.#whole?.cache.release();
    await this.#shared?.cache.release();
  }

  /** A cache of its own that goes on behind a reading: a fork, or where policies look on, what this one chooses. */
  async #afterReading(whole: Read, policy: ComparedPolicy): Promise<Read> {
    const { members, onlookers } = this.#reader;
    if (onlookers === null) return await forked(whole);
    const began = performance.now();
    const { cache, stateBytes } = await onlookers.choose(members.indexOf(policy), whole.cache);
    const before = new CacheWatch(whole.cache, whole.watch);
    before.lookAtState(stateBytes);
    const seconds = whole.seconds + (performance.now() - began) / 1000;
    return { ...whole, seconds, cache, watch: new CacheWatch(cache, before) };
  }

  /** What of a prompt is read before policies choose for the last time, or the answer begins. */
  async #read({ prompt, readTo }: AskedItem): Promise<Read & { readonly ids: Int32Array }> {
    const ids = prompt.ids.subarray(0, readTo);
    if (this.#whole?.ids.length === readTo && commonLength([this.#whole.ids, ids]) === readTo) {
      return this.#whole;
    }
    await this.#whole?.cache.release();
    this.#whole = null;
    const { shared } = this.#group;
    if (shared > 0 && this.#shared === null) {
      this.#shared = await this.#emptyCache();
      await this.#readOn(this.#shared, ids.subarray(0, shared));
    }
    const own = this.#shared ? await forked(this.#shared) : await this.#emptyCache();
    this.#whole = { ...own, ids };
    await this.#readOn(this.#whole, ids.subarray(own.cache.seen));
    return this.#whole;
  }

  async #emptyCache(): Promise<Read> {
    const cache = await this.#options.model.createCache({ policy: this.#reader.policy });
    return { cache, watch: new CacheWatch(cache), seconds: 0, residentBytes: 0 };
  }

  async #readOn(read: Read, ids: Int32Array): Promise<void> {
    if (ids.length === 0) return;
    const { model, signal } = this.#options;
    const began = performance.now();
    const onProgress = () => look(read);
    const options: StepOptions = { onProgress, ...(signal && { signal }) };
    await model.step([{ cache: read.cache, input: { ids }, outputs: 'none' }], options);
    read.seconds += (performance.now() - began) / 1000;
  }

  /** What a policy does behind the reading, what it holds then, and what of the prompt is left to read. */
  async #toAnswer(
    { prompt, readTo }: AskedItem,
    policy: ComparedPolicy,
    own: Read,
    read: Int32Array,
  ): Promise<Read & Held> {
    const { signal } = this.#options;
    const { cache, watch } = own;
    try {
      const began = performance.now();
      if (policy.afterReading) {
        await policy.afterReading(cache, read, signal ? { signal } : {});
        watch.lookAtFork(policy.readsAgain?.(read.length) ?? 0);
      }
      look(own);
      const { used, positions, policy: state } = cache.memory().bytes;
      const held: Held = {
        keptShare: cache.seen > 0 ? keptShare(cache.memory()) : 1,
        bytes: used + positions + state,
        goneEverywhere: goneEverywhere(cache),
      };
      own.seconds += (performance.now() - began) / 1000;
      await this.#readOn(own, prompt.ids.subarray(readTo, -1));
      return Object.assign(own, held);
    } catch (problem) {
      await cache.release();
      throw problem;
    }
  }

  async #answer(
    { item, prompt }: AskedItem,
    policy: ComparedPolicy,
    own: Read & Held,
    turn: AnswerTurn,
  ): Promise<PublicResult> {
    const { answer, signal, maxNewTokens, evict } = this.#options;
    const { cache, watch, keptShare: kept, bytes, goneEverywhere: gone } = own;
    const task = this.#task;
    let newTokens = -1; // the last token of the prompt is told, too
    let prediction = '';
    let last = performance.now();
    // Those who answer together have a step in common.
    const lookAtTime = () => {
      const now = performance.now();
      own.seconds += (now - last) / 1000 / turn.answering;
      last = now;
      look(own);
    };
    const onToken = () => {
      newTokens++;
      lookAtTime();
    };
    const pieces = answer(cache, [prompt.ids.at(-1)!], {
      ...{ maxNewTokens, onToken, ...(signal && { signal }) },
    });
    for await (const piece of pieces) {
      prediction += piece;
      if (task.firstLineOnly && prediction.trimStart().includes('\n')) break;
    }
    lookAtTime();
    turn.answering--;
    return {
      ...{ benchmark: task.benchmark, task: task.name, id: item.id },
      text: item.text ?? item.id,
      ...{ policy: policy.name, budget: policy.budget, evict, groups: item.groups, prediction },
      official: scoreOf(item, prediction, allQuirks),
      strict: scoreOf(item, prediction, noQuirks) ?? 0,
      ...{ tokens: prompt.ids.length, cut: prompt.cut, newTokens },
      ...{ keptShare: kept, bytes, goneEverywhere: gone, ...watch.cost() },
      ...{ residentBytes: own.residentBytes, seconds: own.seconds },
    };
  }
}

async function forked(read: Read): Promise<Read> {
  const cache = await read.cache.fork();
  return { ...read, cache, watch: new CacheWatch(cache, read.watch) };
}

function look(read: Read): void {
  read.watch.look();
  read.residentBytes = Math.max(read.residentBytes, process.memoryUsage.rss());
}

function scoreOf(item: PublicItem, prediction: string, quirks: ReadonlySet<Quirk>): number | null {
  try {
    return item.score(prediction, quirks);
  } catch (error) {
    if (error instanceof OfficialScorerError) return null;
    throw error;
  }
}

function keyOf(
  task: PublicTask,
  { item, prompt: { ids } }: AskedItem,
  { name, budget, policy }: ComparedPolicy,
  { maxNewTokens, evict }: Pick<GroupReadingOptions, 'maxNewTokens' | 'evict'>,
): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([policy.name, policy.settings, maxNewTokens, evict]));
  hash.update(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength));
  const digest = hash.digest('hex').slice(0, 24);
  return `${task.benchmark} ${task.name} ${item.id} ${name} ${budget} ${digest}`;
}
