import {
  checkChoice,
  checkInteger,
  checkNames,
  InvalidArgumentError,
  type ProgressListener,
} from '@namm/core';
import { canLookOn, Onlookers } from '@namm/kv-cache';
import type { ComparedPolicy } from '../../compare/compare-policies.js';
import type { AnsweringModel } from '../../score-samples.js';
import type { PublicTask } from '../data/public-task.js';
import { type EvictionTime, evictionTimes } from './eviction-time.js';
import { type Answer, GroupReading, type Reader } from './group-reading.js';
import { grouped } from './grouped.js';
import { type AskedItem, type ItemGroup, itemGroups } from './item-groups.js';
import { type ChatUse, type PromptTokenizer, preparePrompt } from './prepare-prompt.js';
import type { PublicResult, ResultStore } from './public-result.js';

/** Prompts skipped for a policy, because it would need more positions than the model has. */
export interface SkippedPrompts {
  readonly benchmark: string;
  readonly task: string;
  readonly policy: string;
  readonly budget: string;
  readonly prompts: number;
}

/** The outcome of a run. */
export interface PublicRun {
  /** One per policy and prompt, except skipped ones, ordered by task, policy and prompt. */
  readonly results: readonly PublicResult[];
  readonly skipped: readonly SkippedPrompts[];
}

/** Options of {@link runBenchmarks}. */
export interface RunBenchmarksOptions {
  readonly model: AnsweringModel;
  /** Tokens that the model reads at once: prompts that begin alike share whole chunks. */
  readonly chunkSize: number;
  readonly tokenizer: PromptTokenizer;
  readonly answer: Answer;
  readonly tasks: readonly PublicTask[];
  /** Policies, with the full cache first as the reference. */
  readonly policies: readonly ComparedPolicy[];
  readonly store: ResultStore;
  /** Tokens of a prompt and its answer together, at most. */
  readonly maxTokens: number;
  /**
   * The model's number of positions: policies that read a prompt twice need more than the prompt does. @defaultValue
   * maxTokens
   */
  readonly positions?: number;
  /** Limit on the tokens of an answer, if a benchmark allows more. */
  readonly maxNewTokens?: number;
  /** @defaultValue 'auto' */
  readonly chat?: ChatUse;
  /**
   * When policies evict. Those that choose at intervals of their own, as a NAMM does, do it while they read, whatever is
   * said here.
   * @defaultValue 'while-reading'
   */
  readonly evict?: EvictionTime;
  /** Policies that answer a prompt together, at most: as many caches are held at a time. @defaultValue 8 */
  readonly together?: number;
  /** Called between policies that need different probes, and at the end, so that one model at a time is in memory. */
  readonly release?: () => Promise<void>;
  /**
   * For one of several runs that share the work: returns the number of the next piece to do here, always increasing.
   * Results of pieces done elsewhere are not returned.
   * @defaultValue each
   */
  readonly nextPiece?: () => number;
  /** Stage `prompts`. */
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

const optionNames = [
  ...(['model', 'chunkSize', 'tokenizer', 'answer', 'tasks', 'policies', 'store'] as const),
  ...([
    'maxTokens',
    'maxNewTokens',
    'positions',
    'chat',
    'evict',
    'together',
    'release',
    'nextPiece',
  ] as const),
  ...(['onProgress', 'signal'] as const),
];

const probeOf = ({ policy }: Reader) => JSON.stringify(policy.probe);
const readingOf = ({ policy }: ComparedPolicy) => JSON.stringify([policy.name, policy.settings]);

/** Policies by what they read alike: where they evict once, all that can look on read together. */
function readersOf(policies: readonly ComparedPolicy[], evict: EvictionTime): Reader[] {
  const once = policies.filter(({ policy }) => evict !== 'while-reading' && canLookOn(policy));
  const others = policies.filter((each) => !once.includes(each));
  const readers = [...grouped(others, readingOf).values()].map((members): Reader => {
    return { policy: members[0]!.policy, members, onlookers: null };
  });
  if (once.length === 0) return readers;
  const onlookers = new Onlookers(once.map(({ policy }) => policy));
  return [{ policy: onlookers.policy, members: once, onlookers }, ...readers];
}

/**
 * Asks a model the prompts of public benchmarks under each policy. Common work is done once and continued from forks:
 * the shared beginning of prompts, and reading under policies that differ only in what they do afterwards, such as
 * KVzip at several budgets and the full cache. If policies evict once, one reading serves all of them. The results equal
 * those of separate readings, because a policy sees the same chunks. Answers are written together, and every one is
 * stored when it ends, so that a killed run resumes where it was.
 *
 * @throws {InvalidArgumentError} when there are no tasks or policies, or no room for a prompt
 * @throws the signal's reason when it is aborted
 */
export async function runBenchmarks(options: RunBenchmarksOptions): Promise<PublicRun> {
  checkNames('runBenchmarks', options, optionNames);
  const { tasks, policies, tokenizer, chunkSize, chat = 'auto', maxTokens } = options;
  const { positions = maxTokens, evict = 'while-reading', together = 8 } = options;
  checkChoice('evict', evict, evictionTimes);
  checkInteger('chunkSize', chunkSize, 1);
  checkInteger('maxTokens', maxTokens, 2);
  checkInteger('positions', positions, 2);
  checkInteger('together', together, 1);
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
  const readers = readersOf(policies, evict);
  for (const probe of new Set(readers.map(probeOf))) {
    const ofProbe = readers.filter((each) => probeOf(each) === probe);
    const members = ofProbe.flatMap((each) => each.members);
    const groupsOf = (task: PublicTask, t: number) => {
      const maxNewTokens = Math.min(task.maxNewTokens, options.maxNewTokens ?? Infinity);
      const seeksQuestion = evict === 'after-context';
      const limits = { tokenizer, maxTokens, maxNewTokens, chat, seeksQuestion };
      function* asked(): Generator<AskedItem> {
        for (const item of task.items) {
          const prompt = preparePrompt(task, item, limits);
          const readTo = Math.min(prompt.ids.length - 1, seeksQuestion ? prompt.context : Infinity);
          const next = { item, prompt, readTo };
          for (const policy of members.filter((each) => !fits(each, next, positions))) {
            skipped[t]![policies.indexOf(policy)]!++;
            done++;
          }
          yield next;
        }
      }
      return { task, t, maxNewTokens, groups: itemGroups(asked(), chunkSize) };
    };
    // A text of each task in turn, so that a run that is stopped has about as many of each.
    for (const { task, t, maxNewTokens, group } of inTurn(tasks.map(groupsOf))) {
      if (piece++ !== wanted) continue;
      const works = ofProbe.map((reader) => {
        return new GroupReading(task, group, reader, { ...options, maxNewTokens, evict });
      });
      try {
        for (const each of group.items) {
          const asking = ofProbe.flatMap((reader, r) =>
            reader.members
              .filter((own) => fits(own, each, positions))
              .map((policy) => ({ policy, work: works[r]! })),
          );
          for (let first = 0; first < asking.length; first += together) {
            const own = asking.slice(first, first + together);
            for (const [i, result] of (await askTogether(each, own)).entries()) {
              results[t]![policies.indexOf(own[i]!.policy)]!.push(result);
              done++;
              onProgress();
            }
          }
        }
      } finally {
        for (const work of works) await work.release();
      }
      wanted = options.nextPiece?.() ?? piece;
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

/** The results of a prompt under some policies, which read it one after the other and answer together. */
async function askTogether(
  asked: AskedItem,
  asking: readonly { readonly policy: ComparedPolicy; readonly work: GroupReading }[],
): Promise<PublicResult[]> {
  const turn = { answering: 0 };
  const ready: Awaited<ReturnType<GroupReading['prepare']>>[] = [];
  try {
    for (const { work, policy } of asking) ready.push(await work.prepare(asked, policy, turn));
    // None is released while it is still being written.
    const ended = await Promise.allSettled(ready.map(({ result }) => result()));
    return ended.map((each) => {
      if (each.status === 'fulfilled') return each.value;
      throw each.reason;
    });
  } finally {
    for (const { release } of ready) await release();
  }
}

/** Whether the model has positions for what a policy reads again behind a prompt. */
function fits({ readsAgain }: ComparedPolicy, { prompt, readTo }: AskedItem, positions: number) {
  const again = readTo + (readsAgain?.(readTo) ?? 0);
  return Math.max(again, prompt.ids.length - 1) <= positions;
}

/** The first group of each task, then the second of each, and so on. */
function* inTurn<Task extends { readonly groups: Iterator<ItemGroup> }>(tasks: readonly Task[]) {
  let left = tasks;
  while (left.length > 0) {
    const more: Task[] = [];
    for (const each of left) {
      const { done, value: group } = each.groups.next();
      if (done) continue;
      more.push(each);
      yield { ...each, group };
    }
    left = more;
  }
}
