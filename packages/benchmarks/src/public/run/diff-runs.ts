import { checkNames, InvalidArgumentError, Random } from '@namm/core';
import { type TextTableOptions, textTable } from '@namm/report';
import { type Interval, percentileInterval } from '@namm/statistics';
import { grouped } from './grouped.js';
import type { PublicResult } from './public-result.js';
import { resampleTexts } from './resample-texts.js';

/** A task and policy that occur in both runs. */
export interface RunDifference {
  readonly benchmark: string;
  readonly task: string;
  readonly policy: string;
  readonly budget: string;
  /** Prompts that both have answered. */
  readonly prompts: number;
  /** Official scores, 0 to 100. */
  readonly before: number;
  readonly after: number;
  /** After minus before, over the same prompts. */
  readonly difference: Interval;
  /** Two-sided sign-flip test over whole texts. */
  readonly p: number;
  /** Whether it is significant at 5 % after Holm's correction for all comparisons. */
  readonly isSignificant: boolean;
}

const resamples = 5000;

/**
 * Compares two runs prompt by prompt, with paired intervals and tests.
 *
 * @throws {InvalidArgumentError} when they have no prompt in common, or their policies evict at different times
 */
export function diffRuns(
  before: readonly PublicResult[],
  after: readonly PublicResult[],
  seed = 1,
): RunDifference[] {
  const times = [...new Set([...before, ...after].map(({ evict = 'while-reading' }) => evict))];
  if (times.length > 1) {
    const problem = `evict at different times, ${times.join(' and ')}; compare runs of one protocol`;
    throw new InvalidArgumentError('runs', problem);
  }
  const rowOf = ({ benchmark, task, policy, budget }: PublicResult) =>
    JSON.stringify([benchmark, task, policy, budget]);
  const others = grouped(after, rowOf);
  const rows: Omit<RunDifference, 'isSignificant'>[] = [];
  for (const [key, own] of grouped(before, rowOf)) {
    const byId = new Map(others.get(key)?.map((each) => [each.id, each]));
    const pairs = own.flatMap((each) => {
      const other = byId.get(each.id);
      const scores = [100 * (each.official ?? 0), 100 * (other?.official ?? 0)] as const;
      return other ? [{ text: each.text, scores }] : [];
    });
    if (pairs.length === 0) continue;
    const [benchmark, task, policy, budget] = JSON.parse(key) as [string, string, string, string];
    const firsts = pairs.map(({ scores: [first] }) => first);
    const seconds = pairs.map(({ scores: [, second] }) => second);
    const changes = seconds.map((second, i) => second - firsts[i]!);
    const random = new Random(seed);
    const { resampling, mean, pValue } = resampleTexts([pairs]);
    const overAll = (values: readonly number[]) => mean([values], resampling.whole);
    const differences = Array.from({ length: resamples }, () =>
      mean([changes], resampling.draw(random)),
    );
    rows.push({
      ...{ benchmark, task, policy, budget, prompts: pairs.length },
      before: overAll(firsts),
      after: overAll(seconds),
      difference: percentileInterval(overAll(changes), differences),
      p: pValue([changes], seed),
    });
  }
  if (rows.length === 0) {
    throw new InvalidArgumentError('runs', 'have no prompt in common under the same policy');
  }
  // Holm: the smallest p of m stands below 5 % / m, the next below 5 % / (m - 1), until one does not.
  const order = [...rows.keys()].sort((a, b) => rows[a]!.p - rows[b]!.p);
  const firstAbove = order.findIndex((row, rank) => rows[row]!.p > 0.05 / (rows.length - rank));
  const standing = new Set(firstAbove === -1 ? order : order.slice(0, firstAbove));
  return rows.map((row, i) => ({ ...row, isSignificant: standing.has(i) }));
}

/** The comparison as text. */
export function formatDifferences(
  rows: readonly RunDifference[],
  options: TextTableOptions = {},
): string {
  checkNames('formatDifferences', options, ['style', 'width']);
  const one = (value: number) => value.toFixed(1);
  const signed = (value: number) => (value > 0 ? `+${one(value)}` : one(value));
  return textTable(
    ['benchmark', 'task', 'policy', 'budget', 'n', 'before', 'after', 'difference', 'p', ''],
    rows.map(({ difference: { estimate, lower, upper }, ...row }) => [
      ...[row.benchmark, row.task, row.policy, row.budget, String(row.prompts)],
      ...[one(row.before), one(row.after)],
      ...[`${signed(estimate)} [${signed(lower)}, ${signed(upper)}]`, row.p.toFixed(4)],
      row.isSignificant ? 'significant' : '',
    ]),
    options,
  );
}
