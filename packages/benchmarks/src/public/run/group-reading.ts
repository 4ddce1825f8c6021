import { createHash } from 'node:crypto';
import { type EvictionPolicy, type KVCache, keptShare, type StepOptions } from '@namm/kv-cache';
import { CacheWatch } from '../../compare/cache-watch.js';
import type { ComparedPolicy } from '../../compare/compare-policies.js';
import { goneEverywhere } from '../../compare/gone-everywhere.js';
import type { AnsweringModel } from '../../score-samples.js';
import type { PublicItem, PublicTask } from '../data/public-task.js';
import { allQuirks, noQuirks, type Quirk } from '../scores/quirks.js';
import { OfficialScorerError } from '../scores/score-infinitebench.js';
import type { AskedItem, ItemGroup } from './item-groups.js';
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

/** What of the options of a run a reading goes by. */
export interface GroupReadingOptions {
  readonly model: AnsweringModel;
  readonly answer: Answer;
  readonly store: ResultStore;
  /** Tokens of an answer, at most. */
  readonly maxNewTokens: number;
  readonly signal?: AbortSignal;
}

/** The prompts of a group as policies ask them that read alike; nothing is read before an answer needs it. */
export class GroupReading {
  readonly #task: PublicTask;
  readonly #group: ItemGroup;
  readonly #policy: EvictionPolicy;
  readonly #options: GroupReadingOptions;
  #shared: Read | null = null;
  #whole: (Read & { readonly of: AskedItem; readonly ids: Int32Array }) | null = null;

  constructor(
    task: PublicTask,
    group: ItemGroup,
    policy: EvictionPolicy,
    options: GroupReadingOptions,
  ) {
    this.#task = task;
    this.#group = group;
    this.#policy = policy;
    this.#options = options;
  }

  /** The result of a prompt under a policy. */
  async ask(asked: AskedItem, policy: ComparedPolicy): Promise<PublicResult> {
    const { store, signal, maxNewTokens } = this.#options;
    signal?.throwIfAborted();
    const key = keyOf(this.#task, asked, policy, maxNewTokens);
    return await store.get(key, async () => {
      const whole = await this.#read(asked);
      const own = await forked(whole);
      try {
        return await this.#answer(asked, policy, own, whole.ids);
      } finally {
        await own.cache.release();
      }
    });
  }

  async release(): Promise<void> {
    await this.#whole?.cache.release();
    await this.#shared?.cache.release();
  }

  /** A prompt but for its last token, which is read with the answer. */
  async #read(asked: AskedItem): Promise<Read & { readonly ids: Int32Array }> {
    if (this.#whole?.of === asked) return this.#whole;
    await this.#whole?.cache.release();
    this.#whole = null;
    const { shared } = this.#group;
    const { ids } = asked.prompt;
    if (shared > 0 && this.#shared === null) {
      this.#shared = await this.#emptyCache();
      await this.#readOn(this.#shared, ids.subarray(0, shared));
    }
    const own = this.#shared ? await forked(this.#shared) : await this.#emptyCache();
    this.#whole = { ...own, of: asked, ids: ids.subarray(0, -1) };
    await this.#readOn(this.#whole, ids.subarray(own.cache.seen, -1));
    return this.#whole;
  }

  async #emptyCache(): Promise<Read> {
    const cache = await this.#options.model.createCache({ policy: this.#policy });
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

  async #answer(
    { item, prompt }: AskedItem,
    policy: ComparedPolicy,
    own: Read,
    read: Int32Array,
  ): Promise<PublicResult> {
    const { answer, signal, maxNewTokens } = this.#options;
    const { cache, watch } = own;
    const task = this.#task;
    const began = performance.now();
    if (policy.afterReading) {
      await policy.afterReading(cache, read, signal ? { signal } : {});
      watch.lookAtFork(policy.readsAgain?.(read.length) ?? 0);
      look(own);
    }
    const { used, positions, policy: state } = cache.memory().bytes;
    const memory = {
      keptShare: cache.seen > 0 ? keptShare(cache.memory()) : 1,
      bytes: used + positions + state,
      goneEverywhere: goneEverywhere(cache),
    };
    let newTokens = -1; // the prompt's last token is counted, too
    let prediction = '';
    const onToken = () => {
      newTokens++;
      look(own);
    };
    const pieces = answer(cache, [prompt.ids.at(-1)!], {
      ...{ maxNewTokens, onToken, ...(signal && { signal }) },
    });
    for await (const piece of pieces) {
      prediction += piece;
      if (task.firstLineOnly && prediction.trimStart().includes('\n')) break;
    }
    look(own);
    return {
      ...{ benchmark: task.benchmark, task: task.name, id: item.id },
      text: item.text ?? item.id,
      ...{ policy: policy.name, budget: policy.budget, groups: item.groups, prediction },
      official: scoreOf(item, prediction, allQuirks),
      strict: scoreOf(item, prediction, noQuirks) ?? 0,
      ...{ tokens: prompt.ids.length, cut: prompt.cut, newTokens, ...memory, ...watch.cost() },
      residentBytes: own.residentBytes,
      seconds: own.seconds + (performance.now() - began) / 1000,
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
  maxNewTokens: number,
): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([policy.name, policy.settings, maxNewTokens]));
  hash.update(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength));
  const digest = hash.digest('hex').slice(0, 24);
  return `${task.benchmark} ${task.name} ${item.id} ${name} ${budget} ${digest}`;
}
