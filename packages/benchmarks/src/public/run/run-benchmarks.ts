import { createHash } from 'node:crypto';
import { checkInteger, checkNames, InvalidArgumentError, type ProgressListener } from '@namm/core';
import { type EvictionPolicy, type KVCache, keptShare, type StepOptions } from '@namm/kv-cache';
import { CacheWatch } from '../../compare/cache-watch.js';
import type { ComparedPolicy } from '../../compare/compare-policies.js';
import { goneEverywhere } from '../../compare/gone-everywhere.js';
import type { LineStore } from '../../compare/line-store.js';
import type { AnsweringModel } from '../../score-samples.js';
import type { PublicItem, PublicTask } from '../data/public-task.js';
import { allQuirks, noQuirks, type Quirk } from '../scores/quirks.js';
import { OfficialScorerError } from '../scores/score-infinitebench.js';
import { grouped } from './grouped.js';
import {
  type ChatUse,
  commonLength,
  type PreparedPrompt,
  type PromptTokenizer,
  preparePrompt,
} from './prepare-prompt.js';

/** What became of one prompt under one policy. */
export interface PublicResult {
  readonly benchmark: string;
  readonly task: string;
  readonly id: string;
  /** Whose text it asks about: the id of the first prompt that begins with the same text. */
  readonly text: string;
  readonly policy: string;
  readonly budget: string;
  readonly groups: Readonly<Record<string, string>>;
  readonly prediction: string;
  /** 0 to 1; null where the official scorer ends with an error. */
  readonly official: number | null;
  /** 0 to 1, without the official scorer's quirks. */
  readonly strict: number;
  /** Tokens of the prompt. */
  readonly tokens: number;
  /** Tokens that were taken out of its middle before. */
  readonly cut: number;
  readonly newTokens: number;
  /** Before the answer: rows held over tokens read, mean over heads. */
  readonly keptShare: number;
  /** Bytes of keys, values, positions and policy state there. */
  readonly bytes: number;
  /** Most bytes of them at any moment, reading and answering. */
  readonly peakBytes: number;
  /** Resident memory of the process, at most, where a pass had just ended; of all its threads. */
  readonly residentBytes: number;
  /** The KV footprint (arXiv 2506.17121): entries held, summed over tokens read and written, over those of full attention. */
  readonly footprint: number;
  /** Global eviction ratio (arXiv 2603.01426): share of the tokens read that no head holds any more. */
  readonly goneEverywhere: number;
  /** As if it were alone: what was read for several prompts or policies counts for each. */
  readonly seconds: number;
}

/** Prompts that a policy was not asked, because it would need more positions than the model has. */
export interface SkippedPrompts {
  readonly benchmark: string;
  readonly task: string;
  readonly policy: string;
  readonly budget: string;
  readonly prompts: number;
}

/** What has become of a run. */
export interface PublicRun {
  /** One per policy and prompt, but for those that were skipped: by task, policy and prompt. */
  readonly results: readonly PublicResult[];
  readonly skipped: readonly SkippedPrompts[];
}

/** Where results go, and those of an earlier run come from; a {@link LineStore} is one. */
export type ResultStore = Pick<LineStore<PublicResult>, 'has' | 'get'>;

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

/** Options of {@link runBenchmarks}. */
export interface RunBenchmarksOptions {
  readonly model: AnsweringModel;
  /** Tokens that the model reads at once: prompts that begin alike share whole chunks. */
  readonly chunkSize: number;
  readonly tokenizer: PromptTokenizer;
  readonly answer: Answer;
  readonly tasks: readonly PublicTask[];
  /** The full cache first, for others to be compared with. */
  readonly policies: readonly ComparedPolicy[];
  readonly store: ResultStore;
  /** Tokens of a prompt and its answer together, at most. */
  readonly maxTokens: number;
  /** Positions that the model has: policies that read a prompt again need more than it takes. @defaultValue maxTokens */
  readonly positions?: number;
  /** Tokens of an answer, at most, where a benchmark allows more. */
  readonly maxNewTokens?: number;
  /** @defaultValue 'auto' */
  readonly chat?: ChatUse;
  /** Called between policies that need different probes, and at the end, so that one model at a time is in memory. */
  readonly release?: () => Promise<void>;
  /**
   * For one of several runs that share the work: the number of the piece that is to be done here next, ever larger. Of
   * pieces that others do no results are returned.
   * @defaultValue each
   */
  readonly nextPiece?: () => number;
  /** Stage `prompts`. */
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

const optionNames = [
  ...(['model', 'chunkSize', 'tokenizer', 'answer', 'tasks', 'policies', 'store'] as const),
  ...(['maxTokens', 'maxNewTokens', 'positions', 'chat', 'release', 'nextPiece'] as const),
  ...(['onProgress', 'signal'] as const),
];

const probeOf = ({ policy }: ComparedPolicy) => JSON.stringify(policy.probe);
const readerOf = ({ policy }: ComparedPolicy) => JSON.stringify([policy.name, policy.settings]);

/**
 * Asks a model the prompts of public benchmarks under each policy. What several prompts or policies read alike is read
 * once, and each goes on from a fork: prompts that begin alike up to where they part, and policies that only differ in what
 * they do after the reading, such as KVzip at several budgets and the full cache. The results are those of reading each by
 * itself, because a policy sees the same chunks. Every answer is in the store when the next one begins, so that a run that
 * is killed goes on where it was.
 *
 * @throws {InvalidArgumentError} when there are no tasks or policies, or no room for a prompt
 * @throws the signal's reason when it is aborted
 */
export async function runBenchmarks(options: RunBenchmarksOptions): Promise<PublicRun> {
  checkNames('runBenchmarks', options, optionNames);
  const { tasks, policies, tokenizer, chunkSize, chat = 'auto', maxTokens } = options;
  const { positions = maxTokens } = options;
  checkInteger('chunkSize', chunkSize, 1);
  checkInteger('maxTokens', maxTokens, 2);
  checkInteger('positions', positions, 2);
  if (tasks.length === 0) throw new InvalidArgumentError('tasks', 'are missing');
  if (policies.length === 0) throw new InvalidArgumentError('policies', 'are missing');
  const prompts = tasks.reduce((sum, { items }) => sum + items.length, 0);
  const total = prompts * policies.length;
  const results = tasks.map(() => policies.map((): PublicResult[] => []));
  const skipped = tasks.map(() => policies.map(() => 0));
  let done = 0;
  const onProgress = () => options.onProgress?.({ stage: 'prompts', done, total });

  let piece = 0;
  let wanted = options.nextPiece?.() ?? 0;
  for (const probe of new Set(policies.map(probeOf))) {
    const ofProbe = policies.filter((each) => probeOf(each) === probe);
    const readers = grouped(ofProbe, readerOf);
    for (const [t, task] of tasks.entries()) {
      const maxNewTokens = Math.min(task.maxNewTokens, options.maxNewTokens ?? Infinity);
      const limits = { tokenizer, maxTokens, maxNewTokens, chat };
      const asked = task.items.map((item) => ({ item, prompt: preparePrompt(task, item, limits) }));
      const fits = ({ readsAgain }: ComparedPolicy, { prompt }: AskedItem) =>
        prompt.ids.length - 1 + (readsAgain?.(prompt.ids.length - 1) ?? 0) <= positions;
      for (const policy of ofProbe) {
        const count = asked.filter((each) => !fits(policy, each)).length;
        skipped[t]![policies.indexOf(policy)] = count;
        done += count;
      }
      for (const group of groupsOf(asked, chunkSize)) {
        for (const reader of readers.values()) {
          if (piece++ !== wanted) continue;
          const work = new Reading(task, group, reader[0]!.policy, maxNewTokens, options);
          try {
            for (const each of group.items) {
              for (const policy of reader.filter((own) => fits(own, each))) {
                results[t]![policies.indexOf(policy)]!.push(await work.ask(each, policy));
                done++;
                onProgress();
              }
            }
          } finally {
            await work.release();
          }
          wanted = options.nextPiece?.() ?? piece;
        }
      }
    }
    await options.release?.();
  }
  return {
    results: results.flat(2),
    skipped: tasks.flatMap(({ benchmark, name }, t) =>
      policies.flatMap(({ name: policy, budget }, p) => {
        const count = skipped[t]![p]!;
        return count > 0 ? [{ benchmark, task: name, policy, budget, prompts: count }] : [];
      }),
    ),
  };
}

interface AskedItem {
  readonly item: PublicItem;
  readonly prompt: PreparedPrompt;
}

/** Neighbours that begin alike for a chunk and more, with the length of what they share in whole chunks. */
interface ItemGroup {
  readonly items: readonly AskedItem[];
  readonly shared: number;
}

function groupsOf(asked: readonly AskedItem[], chunkSize: number): ItemGroup[] {
  const groups: ItemGroup[] = [];
  const sharedBy = (items: readonly AskedItem[]) => {
    const ids = items.map(({ prompt }) => prompt.ids);
    // The last token of a prompt is read with the answer.
    const most = Math.min(commonLength(ids), ...ids.map(({ length }) => length - 1));
    return Math.floor(most / chunkSize) * chunkSize;
  };
  let items: AskedItem[] = [];
  for (const next of asked) {
    const shared = items.length > 0 ? sharedBy([...items, next]) : 0;
    // A short common beginning, such as an instruction, is not worth losing a long one for.
    const isAlike = shared > 0 && (items.length === 1 || shared >= sharedBy(items) / 2);
    if (items.length > 0 && !isAlike) {
      groups.push({ items, shared: items.length > 1 ? sharedBy(items) : 0 });
      items = [];
    }
    items.push(next);
  }
  if (items.length > 0) groups.push({ items, shared: items.length > 1 ? sharedBy(items) : 0 });
  return groups;
}

/** A cache that has read something, with what that cost. */
interface Read {
  readonly cache: KVCache;
  readonly watch: CacheWatch;
  seconds: number;
  residentBytes: number;
}

/** The prompts of a group as policies ask them that read alike; nothing is read before an answer needs it. */
class Reading {
  readonly #task: PublicTask;
  readonly #group: ItemGroup;
  readonly #policy: EvictionPolicy;
  readonly #maxNewTokens: number;
  readonly #options: RunBenchmarksOptions;
  #shared: Read | null = null;
  #whole: (Read & { readonly of: AskedItem; readonly ids: Int32Array }) | null = null;

  constructor(
    task: PublicTask,
    group: ItemGroup,
    policy: EvictionPolicy,
    maxNewTokens: number,
    options: RunBenchmarksOptions,
  ) {
    this.#task = task;
    this.#group = group;
    this.#policy = policy;
    this.#maxNewTokens = maxNewTokens;
    this.#options = options;
  }

  /** The result of a prompt under a policy. */
  async ask(asked: AskedItem, policy: ComparedPolicy): Promise<PublicResult> {
    const { store, signal } = this.#options;
    signal?.throwIfAborted();
    const key = keyOf(this.#task, asked, policy, this.#maxNewTokens);
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
    const { answer, signal } = this.#options;
    const { cache, watch } = own;
    const task = this.#task;
    const { items, shared } = this.#group;
    // A common instruction or example makes no common text.
    const asksAlike = items.every((each) => 2 * shared >= each.prompt.ids.length);
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
    let newTokens = -1; // the last token of the prompt is told, too
    let prediction = '';
    const onToken = () => {
      newTokens++;
      look(own);
    };
    const pieces = answer(cache, [prompt.ids.at(-1)!], {
      ...{ maxNewTokens: this.#maxNewTokens, onToken, ...(signal && { signal }) },
    });
    for await (const piece of pieces) {
      prediction += piece;
      if (task.firstLineOnly && prediction.trimStart().includes('\n')) break;
    }
    look(own);
    return {
      ...{ benchmark: task.benchmark, task: task.name, id: item.id },
      text: asksAlike ? items[0]!.item.id : item.id,
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
