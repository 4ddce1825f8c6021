import { Random } from '@namm/core';
import { type Interval, mean, percentileInterval } from '@namm/statistics';
import { grouped } from './grouped.js';
import type { PublicResult } from './public-result.js';
import { resampleTexts } from './resample-texts.js';
import type { SkippedPrompts } from './run-benchmarks.js';

/** A line of the table: a policy on a task, or on all tasks of a benchmark. */
export interface PublicRow {
  readonly benchmark: string;
  /** `all`: the mean over tasks, so that a task with many prompts does not weigh more. */
  readonly task: string;
  readonly policy: string;
  readonly budget: string;
  readonly prompts: number;
  /** Skipped prompts; it is compared with the full cache on the others. */
  readonly skipped: number;
  /** 0 to 100. An answer at which the official scorer fails counts 0. */
  readonly official: Interval;
  readonly strict: Interval;
  /**
   * Official score over the full cache's, on the same prompts; null for the full cache itself, and if it lacks some.
   */
  readonly againstFull: Interval | null;
  /** Two-sided p for no difference from the full cache: a sign-flip test over whole texts. */
  readonly p: number | null;
  readonly keptShare: number;
  /** Before the answer. */
  readonly bytes: number;
  /** Most bytes of a prompt at any moment, mean over prompts. */
  readonly peakBytes: number;
  /** Resident memory of the process at most. */
  readonly residentBytes: number;
  readonly footprint: number;
  readonly goneEverywhere: number;
  /** Prompts that lost their middle. */
  readonly cut: number;
  /** Answers at which the official scorer fails. */
  readonly scorerErrors: number;
  /** Official scores by the benchmark's own groups, such as `length 0-4k`. */
  readonly groups: Readonly<Record<string, number>>;
  readonly secondsPerPrompt: number;
}

const resamples = 2000;

/**
 * The table of a run: per task and over all tasks of a benchmark, with 95 % bootstrap intervals over the texts of a task (all
 * questions about one are drawn together), and paired tests against the full cache.
 *
 * @param results of one run
 * @param skipped prompts that policies were not asked
 * @param seed of the resampling
 */
export function summariseRun(
  results: readonly PublicResult[],
  skipped: readonly SkippedPrompts[] = [],
  seed = 1,
): PublicRow[] {
  const rows: PublicRow[] = [];
  for (const [benchmark, ofBenchmark] of grouped(results, (each) => each.benchmark)) {
    const tasks = [...grouped(ofBenchmark, ({ task }) => task)];
    const sets: [string, (readonly PublicResult[])[]][] = tasks.map(([name, own]) => [name, [own]]);
    if (tasks.length > 1) sets.push(['all', tasks.map(([, own]) => own)]);
    for (const [task, lists] of sets) {
      const left = skipped.filter(
        (each) => each.benchmark === benchmark && (task === 'all' || each.task === task),
      );
      rows.push(...rowsOf(benchmark, task, lists, left, seed));
    }
  }
  return rows;
}

/** The rows of all policies on the same prompts, in strata. */
function rowsOf(
  benchmark: string,
  task: string,
  lists: readonly (readonly PublicResult[])[],
  skipped: readonly SkippedPrompts[],
  seed: number,
): PublicRow[] {
  const byPolicy = lists.map((list) => grouped(list, policyOf));
  const names = [...new Set(byPolicy.flatMap((policies) => [...policies.keys()]))];
  const resultsOf = (name: string) =>
    byPolicy.map((policies) =>
      [...(policies.get(name) ?? [])].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)),
    );
  const whole = names.find((name) => name.startsWith('full '));
  const full = whole === undefined ? null : resultsOf(whole);
  return names.map((name): PublicRow => {
    const every = resultsOf(name);
    const own = every.filter(({ length }) => length > 0);
    const all = own.flat();
    // Prompts that it was not asked do not count for the full cache, either.
    const same = full?.flatMap((list, i) => {
      const ids = new Set(every[i]!.map(idOf));
      return ids.size > 0 ? [list.filter(({ id }) => ids.has(id))] : [];
    });
    const isPaired = name !== whole && same?.every((list, i) => list.length === own[i]!.length);
    const drawn = draws(own, isPaired ? same! : null, seed);
    const { policy, budget } = all[0]!;
    return {
      ...{ benchmark, task, policy, budget, prompts: all.length },
      skipped: skipped
        .filter((each) => each.policy === policy && each.budget === budget)
        .reduce((sum, { prompts }) => sum + prompts, 0),
      ...drawn,
      keptShare: mean(all.map((each) => each.keptShare)),
      bytes: mean(all.map((each) => each.bytes)),
      peakBytes: mean(all.map((each) => each.peakBytes)),
      residentBytes: Math.max(...all.map((each) => each.residentBytes)),
      footprint: mean(all.map((each) => each.footprint)),
      goneEverywhere: mean(all.map((each) => each.goneEverywhere)),
      cut: all.filter(({ cut }) => cut > 0).length,
      scorerErrors: all.filter(({ official }) => official === null).length,
      groups: groupScores(all),
      secondsPerPrompt: mean(all.map(({ seconds }) => seconds)),
    };
  });
}

const idOf = ({ id }: PublicResult) => id;
const policyOf = ({ policy, budget }: PublicResult) => `${policy} ${budget}`;
const officialOf = ({ official }: PublicResult) => 100 * (official ?? 0);

/** The statistics of a row, all from the same draws of prompts. */
function draws(
  own: readonly (readonly PublicResult[])[],
  full: readonly (readonly PublicResult[])[] | null,
  seed: number,
): Pick<PublicRow, 'official' | 'strict' | 'againstFull' | 'p'> {
  const lists = (of: typeof own, score: (result: PublicResult) => number) =>
    of.map((list) => list.map(score));
  const official = lists(own, officialOf);
  const strict = lists(own, (each) => 100 * each.strict);
  const reference = full && lists(full, officialOf);
  const { resampling, mean: over, pValue } = resampleTexts(own);
  const random = new Random(seed);
  const officials: number[] = [];
  const stricts: number[] = [];
  const ratios: number[] = [];
  for (let i = 0; i < resamples; i++) {
    const indices = resampling.draw(random);
    const score = over(official, indices);
    officials.push(score);
    stricts.push(over(strict, indices));
    if (reference === null) continue;
    const wanted = over(reference, indices);
    ratios.push(score / wanted);
  }
  const { whole } = resampling;
  return {
    official: percentileInterval(over(official, whole), officials),
    strict: percentileInterval(over(strict, whole), stricts),
    againstFull:
      reference && percentileInterval(over(official, whole) / over(reference, whole), ratios),
    p:
      reference &&
      pValue(
        official.map((list, task) => list.map((score, i) => score - reference[task]![i]!)),
        seed,
      ),
  };
}

function groupScores(results: readonly PublicResult[]): Record<string, number> {
  const scores = new Map<string, number[]>();
  for (const result of results) {
    for (const [name, value] of Object.entries(result.groups)) {
      const key = `${name} ${value}`;
      scores.set(key, [...(scores.get(key) ?? []), officialOf(result)]);
    }
  }
  return Object.fromEntries(
    [...scores].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, own]) => [key, mean(own)]),
  );
}
