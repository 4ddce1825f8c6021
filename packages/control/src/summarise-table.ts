import { access } from 'node:fs/promises';
import { isMemoryTask } from '@namm/environments';
import { type DrawnStrata, type Interval, mean, resampledInterval, strata } from '@namm/statistics';
import type { ControlTable } from './control-table.js';
import type { EvaluationPlan } from './evaluation-plan.js';
import { EvaluationStore } from './evaluation-store.js';
import { type PairedEpisode, pairedEpisodes } from './paired-episodes.js';
import { type ContenderSummary, summariseEvaluation } from './summarise-evaluation.js';

/** One task of a table in numbers. */
export interface TaskSummary {
  readonly name: string;
  readonly kind: 'memory' | 'physics';
  /** What its episodes depend on, digest of the agent included. */
  readonly settings: EvaluationPlan['settings'];
  /** Steps of the window that was best on other episodes; null when none was sought, or not yet found. */
  readonly bestWindow: number | null;
  readonly rows: readonly ContenderSummary[];
}

/** A row over all tasks of a kind. */
export interface RowAverage {
  readonly name: string;
  /** Tasks that count: all episodes of the row and of `full` were played, and the mean return of `full` is above 0. */
  readonly tasks: readonly string[];
  /** Mean over tasks of mean return over that of `full`; its interval resamples the episodes within each task. */
  readonly ratio: Interval | null;
  /** Mean over tasks of rows held over those of `full`. */
  readonly rowShare: number | null;
}

/** A table as numbers. */
export interface TableSummary {
  readonly episodes: number;
  readonly seed: number;
  readonly tasks: readonly TaskSummary[];
  readonly averages: readonly {
    readonly kind: 'memory' | 'physics' | 'all';
    readonly rows: readonly RowAverage[];
  }[];
}

/** Name of the row that is another window in each task. */
const bestWindowName = 'best-window';

/**
 * Summary of the episodes of a table so far. In each task, the row `best-window` is the window that was best on other
 * episodes.
 *
 * @throws {InvalidArgumentError} when a folder holds the evaluation of another agent, environment or options
 */
export async function summariseTable(table: ControlTable): Promise<TableSummary> {
  const { episodes, seed = 0 } = table.options;
  const played: { summary: TaskSummary; pairs: Map<string, readonly PairedEpisode[]> }[] = [];
  for (const task of table.options.tasks) {
    const { plan, bestWindow } = await table.plan(task);
    const folder = table.folderOf(task);
    const isThere = await access(folder).then(...[true, false].map((there) => () => there));
    const store = await EvaluationStore.open(isThere ? folder : null, plan);
    await store.close();
    const pairs = new Map(
      plan.contenders.map((each) => [each.name, pairedEpisodes(plan, store, each)]),
    );
    const rows = summariseEvaluation(plan, store);
    if (bestWindow !== null) {
      const chosen = `window:${bestWindow}`;
      rows.push({ ...rows.find(({ name }) => name === chosen)!, name: bestWindowName });
      pairs.set(bestWindowName, pairs.get(chosen)!);
    }
    const kind = isMemoryTask(plan.settings.environment) ? 'memory' : 'physics';
    played.push({
      summary: { name: task.name, kind, settings: plan.settings, bestWindow, rows },
      pairs,
    });
  }
  const kinds = (['memory', 'physics', 'all'] as const).map((kind) => {
    const members = played.filter(({ summary }) => kind === 'all' || summary.kind === kind);
    const names = [
      ...new Set(members.flatMap(({ summary }) => summary.rows.map((row) => row.name))),
    ];
    return { kind, rows: names.map((name) => average(name, members, episodes)) };
  });
  const tasks = played.map(({ summary }) => summary);
  return { episodes, seed, tasks, averages: kinds.filter(({ rows }) => rows.length > 0) };
}

function average(
  name: string,
  members: readonly { summary: TaskSummary; pairs: Map<string, readonly PairedEpisode[]> }[],
  episodes: number,
): RowAverage {
  const whole = members.filter(({ summary }) => {
    const done = (row: string) => summary.rows.find((each) => each.name === row)?.episodes ?? 0;
    return done(name) >= episodes && done('full') >= episodes;
  });
  const counted = whole.filter(({ pairs }) => {
    const fullReturns = pairs.get(name)!.map(({ full }) => full.return);
    return fullReturns.length > 0 && mean(fullReturns) > 0;
  });
  const lists = counted.map(({ pairs }) => pairs.get(name)!);
  const tasks = counted.map(({ summary }) => summary.name);
  if (lists.length === 0) return { name, tasks, ratio: null, rowShare: null };
  const over = (of: (pair: PairedEpisode) => readonly [number, number]) => (drawn: DrawnStrata) =>
    mean(
      drawn.map((indices, task) => {
        let [numerator, denominator] = [0, 0];
        for (const index of indices) {
          const [own, full] = of(lists[task]![index]!);
          numerator += own;
          denominator += full;
        }
        return numerator / denominator;
      }),
    );
  const cases = strata(lists.map((list) => list.length));
  const ratio = over(({ own, full }) => [own.return, full.return]);
  const share = over(({ own, full }) => [own.rowsPerHead.mean, full.rowsPerHead.mean]);
  return {
    ...{ name, tasks },
    ratio: resampledInterval(cases, ratio, { seed: 0 }),
    rowShare: share(cases.whole),
  };
}
