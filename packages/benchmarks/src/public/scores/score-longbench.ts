import { checkNames, InvalidArgumentError, noneOf } from '@namm/core';
import { chineseWords } from './chinese-words.js';
import { japaneseWords } from './japanese-words.js';
import { longBenchMetrics } from './longbench-metrics.js';
import { chouBunTasks, longBenchTasks } from './longbench-tasks.js';
import { strip } from './python-text.js';
import { allQuirks, type Quirk } from './quirks.js';

/** What an answer to a task of LongBench or ChouBun is scored against. */
export interface LongBenchRecord {
  readonly answers: readonly string[];
  /** All classes, of a classification task. */
  readonly classes?: readonly string[] | null;
}

/** How it is scored. */
export interface LongBenchScoring {
  /** @defaultValue all: the official score */
  readonly quirks?: ReadonlySet<Quirk>;
  /**
   * How text without blanks is cut into words.
   * @defaultValue jieba's for Chinese; the words of `Intl.Segmenter` for Japanese, because the benchmark's own are not
   *   available
   */
  readonly words?: (text: string) => readonly string[];
}

/**
 * Scores an answer to a task of LongBench or ChouBun: the best match with any right answer, 0 to 1.
 *
 * @param task such as `hotpotqa`
 * @throws {InvalidArgumentError} for an unknown task
 * @example
 * ```ts
 * scoreLongBench('hotpotqa', 'The answer: Paris!', { answers: ['Paris'] }); // 2/3
 * ```
 */
export function scoreLongBench(
  task: string,
  prediction: string,
  { answers, classes }: LongBenchRecord,
  options: LongBenchScoring = {},
): number {
  const { quirks = allQuirks, words } = checkNames('scoreLongBench', options, ['quirks', 'words']);
  const facts = longBenchTasks[task] ?? chouBunTasks[task];
  if (facts === undefined) {
    const known = [...Object.keys(longBenchTasks), ...Object.keys(chouBunTasks)];
    throw new InvalidArgumentError('task', noneOf(task, known));
  }
  const metric = longBenchMetrics[facts.metric];
  const context = {
    quirks,
    ...(classes && { classes }),
    words: words ?? (facts.language === 'ja' ? japaneseWords : chineseWords),
  };
  const text = facts.isFewShot ? firstLine(prediction, quirks) : prediction;
  return answers.reduce((best, answer) => Math.max(best, metric(text, answer, context)), 0);
}

/** What is scored of an answer that goes on with more examples. */
function firstLine(text: string, quirks: ReadonlySet<Quirk>): string {
  if (quirks.has('newlines-only')) return text.replace(/^\n+/, '').split('\n')[0]!;
  return strip(strip(text).split('\n')[0]!);
}
