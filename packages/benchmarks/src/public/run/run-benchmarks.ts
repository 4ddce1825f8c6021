import { createHash } from 'node:crypto';
import { checkInteger, checkNames, InvalidArgumentError, type ProgressListener } from '@namm/core';
import { type KVCache, keptShare, type StepOptions } from '@namm/kv-cache';
import type { ComparedPolicy } from '../../compare/compare-policies.js';
import { goneEverywhere } from '../../compare/gone-everywhere.js';
import type { LineStore } from '../../compare/line-store.js';
import type { AnsweringModel } from '../../score-samples.js';
import type { PublicItem, PublicTask } from '../data/public-task.js';
import { allQuirks, noQuirks, type Quirk } from '../scores/quirks.js';
import { OfficialScorerError } from '../scores/score-infinitebench.js';
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
  /** Rows held, integrated over the passes of the reading, over those of a full cache. */
  readonly footprint: number;
  /** Share of the tokens read that no head holds any more. */
  readonly goneEverywhere: number;
  readonly seconds: number;
}

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
  readonly store: LineStore<PublicResult>;
  /** Tokens of a prompt and its answer together, at most. */
  readonly maxTokens: number;
  /** Tokens of an answer, at most, where a benchmark allows more. */
  readonly maxNewTokens?: number;
  /** @defaultValue 'auto' */
  readonly chat?: ChatUse;
  /** Called between policies that need different probes, and at the end, so that one model at a time is in memory. */
  readonly release?: () => Promise<void>;
  /** Stage `prompts`. */
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

const optionNames = [
  ...(['model', 'chunkSize', 'tokenizer', 'answer', 'tasks', 'policies', 'store'] as const),
  ...(['maxTokens', 'maxNewTokens', 'chat', 'release', 'onProgress', 'signal'] as const),
];

const probeOf = ({ policy }: ComparedPolicy) => JSON.stringify(policy.probe);

/**
 * Asks a model the prompts of public benchmarks under each policy. Prompts that begin alike are read once up to where they
 * part, and each goes on from a fork; the results are those of reading each by itself, because a policy sees the same
 * chunks. Every answer is in the store when the next one begins, so that a run that is killed goes on where it was.
 *
 * @returns one result per policy and prompt
 * @throws {InvalidArgumentError} when there are no tasks or policies, or no room for a prompt
 * @throws the signal's reason when it is aborted
 */
export async function runBenchmarks(options: RunBenchmarksOptions): Promise<PublicResult[]> {
  checkNames('runBenchmarks', options, optionNames);
  const { tasks, policies, tokenizer, chunkSize, chat = 'auto', maxTokens } = options;
  checkInteger('chunkSize', chunkSize, 1);
  checkInteger('maxTokens', maxTokens, 2);
  if (tasks.length === 0) throw new InvalidArgumentError('tasks', 'are missing');
  if (policies.length === 0) throw new InvalidArgumentError('policies', 'are missing');
  const prompts = tasks.reduce((sum, { items }) => sum + items.length, 0);
  const total = prompts * policies.length;
  const results: PublicResult[] = [];
  let done = 0;
  for (const probe of new Set(policies.map(probeOf))) {
    for (const task of tasks) {
      const maxNewTokens = Math.min(task.maxNewTokens, options.maxNewTokens ?? Infinity);
      const limits = { tokenizer, maxTokens, maxNewTokens, chat };
      const asked = task.items.map((item) => ({ item, prompt: preparePrompt(task, item, limits) }));
      const groups = groupsOf(asked, chunkSize);
      for (const policy of policies.filter((each) => probeOf(each) === probe)) {
        for (const group of groups) {
          for await (const result of ask(task, group, policy, maxNewTokens, options)) {
            results.push(result);
            done++;
            options.onProgress?.({ stage: 'prompts', done, total });
          }
        }
      }
    }
    await options.release?.();
  }
  return results;
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

/** Rows held and tokens seen, summed over passes: what a footprint is made of. */
interface Watch {
  held: number;
  seen: number;
}

async function* ask(
  task: PublicTask,
  { items, shared }: ItemGroup,
  policy: ComparedPolicy,
  maxNewTokens: number,
  { model, store, answer, signal }: RunBenchmarksOptions,
): AsyncIterable<PublicResult> {
  let base: { readonly cache: KVCache; readonly watch: Watch } | null = null;
  // A common instruction or example makes no common text.
  const asksAlike = items.every(({ prompt }) => 2 * shared >= prompt.ids.length);
  try {
    for (const { item, prompt } of items) {
      signal?.throwIfAborted();
      const key = keyOf(task, item, policy, prompt, maxNewTokens);
      yield await store.get(key, async () => {
        const began = performance.now();
        if (shared > 0 && base === null) {
          const cache = await model.createCache({ policy: policy.policy });
          base = { cache, watch: { held: 0, seen: 0 } };
          await read(model, base, prompt.ids.subarray(0, shared), signal);
        }
        const own = base
          ? { cache: await base.cache.fork(), watch: { ...base.watch } }
          : {
              cache: await model.createCache({ policy: policy.policy }),
              watch: { held: 0, seen: 0 },
            };
        try {
          await read(model, own, prompt.ids.subarray(own.cache.seen, -1), signal);
          await policy.afterReading?.(
            own.cache,
            prompt.ids.subarray(0, -1),
            signal ? { signal } : {},
          );
          const memory = memoryOf(own);
          let newTokens = -1; // the last token of the prompt is told, too
          let prediction = '';
          const pieces = answer(own.cache, [prompt.ids.at(-1)!], {
            ...{ maxNewTokens, onToken: () => newTokens++, ...(signal && { signal }) },
          });
          for await (const piece of pieces) {
            prediction += piece;
            if (task.firstLineOnly && prediction.trimStart().includes('\n')) break;
          }
          return {
            ...{ benchmark: task.benchmark, task: task.name, id: item.id },
            text: asksAlike ? items[0]!.item.id : item.id,
            ...{ policy: policy.name, budget: policy.budget, groups: item.groups, prediction },
            official: scoreOf(item, prediction, allQuirks),
            strict: scoreOf(item, prediction, noQuirks) ?? 0,
            ...{ tokens: prompt.ids.length, cut: prompt.cut, newTokens, ...memory },
            seconds: (performance.now() - began) / 1000,
          };
        } finally {
          await own.cache.release();
        }
      });
    }
  } finally {
    await (base as { readonly cache: KVCache } | null)?.cache.release();
  }
}

async function read(
  model: AnsweringModel,
  { cache, watch }: { readonly cache: KVCache; readonly watch: Watch },
  ids: Int32Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (ids.length === 0) return;
  const heads = cache.shape.layers.reduce((sum, { keyValueHeads }) => sum + keyValueHeads, 0);
  let last = cache.seen;
  const onProgress = () => {
    if (cache.seen === last) return;
    last = cache.seen;
    watch.held += cache.memory().rows;
    watch.seen += cache.seen * heads;
  };
  const options: StepOptions = { onProgress, ...(signal && { signal }) };
  await model.step([{ cache, input: { ids }, outputs: 'none' }], options);
}

function memoryOf({ cache, watch }: { readonly cache: KVCache; readonly watch: Watch }) {
  const memory = cache.memory();
  const { used, positions, policy } = memory.bytes;
  return {
    keptShare: cache.seen > 0 ? keptShare(memory) : 1,
    bytes: used + positions + policy,
    footprint: watch.seen > 0 ? watch.held / watch.seen : 1,
    goneEverywhere: goneEverywhere(cache),
  };
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
  item: PublicItem,
  { name, budget, policy }: ComparedPolicy,
  { ids }: PreparedPrompt,
  maxNewTokens: number,
): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([policy.name, policy.settings, maxNewTokens]));
  hash.update(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength));
  const digest = hash.digest('hex').slice(0, 24);
  return `${task.benchmark} ${task.name} ${item.id} ${name} ${budget} ${digest}`;
}
