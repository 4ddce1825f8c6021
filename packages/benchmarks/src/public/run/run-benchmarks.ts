import { checkInteger, checkNames, InvalidArgumentError, type ProgressListener } from '@namm/core';
import type { ComparedPolicy } from '../../compare/compare-policies.js';
import type { AnsweringModel } from '../../score-samples.js';
import type { PublicTask } from '../data/public-task.js';
import { type Answer, GroupReading } from './group-reading.js';
import { grouped } from './grouped.js';
import { type AskedItem, itemGroups } from './item-groups.js';
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
  ...(['maxTokens', 'maxNewTokens', 'positions', 'chat', 'release', 'nextPiece'] as const),
  ...(['onProgress', 'signal'] as const),
];

const probeOf = ({ policy }: ComparedPolicy) => JSON.stringify(policy.probe);
const readerOf = ({ policy }: ComparedPolicy) => JSON.stringify([policy.name, policy.settings]);

/**
 * Asks a model the prompts of public benchmarks under each policy. Common work is done once and continued from forks:
 * the shared beginning of prompts, and reading under policies that differ only in what they do afterwards, such as
 * KVzip at several budgets and the full cache. The results equal those of separate readings, because a policy sees the
 * same chunks. Every answer is in the store before the next one begins, so that a killed run resumes where it was.
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
      for (const group of itemGroups(asked, chunkSize)) {
        for (const reader of readers.values()) {
          if (piece++ !== wanted) continue;
          const work = new GroupReading(task, group, reader[0]!.policy, {
            ...options,
            maxNewTokens,
          });
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
