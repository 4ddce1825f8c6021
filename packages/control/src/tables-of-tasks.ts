import { type EvaluationTable, withInterval } from './evaluation-table.js';
import type { ContenderSummary } from './summarise-evaluation.js';
import type { TableSummary, TaskSummary } from './summarise-table.js';

/** A table with its title. */
export interface TitledTable extends EvaluationTable {
  readonly title: string;
}

const nothing = '–';

/**
 * A summary as text: returns and rows held for each kind of task, then each row's averages over all tasks. A dash means
 * not played; if episodes are missing, their number follows the value.
 *
 * @example
 * ```ts
 * for (const { title, headings, rows } of tablesOfTasks(summary)) console.log(title, textTable(headings, rows));
 * ```
 */
export function tablesOfTasks({ episodes, tasks, averages }: TableSummary): TitledTable[] {
  const tables: TitledTable[] = [];
  for (const kind of ['memory', 'physics'] as const) {
    const members = tasks.filter((task) => task.kind === kind);
    if (members.length === 0) continue;
    const title = kind === 'memory' ? 'Memory tasks' : 'Physics';
    tables.push(
      table(`${title}: return`, members, (row) => {
        const value = withInterval(row.return) ?? nothing;
        return row.episodes < episodes ? `${value}, n = ${row.episodes}` : value;
      }),
      table(`${title}: rows held per head`, members, ({ rowsPerHead, rowShare }) => {
        const share = rowShare === null ? '' : ` (${percent(rowShare)})`;
        return rowsPerHead === null ? nothing : `${rowsPerHead.toFixed(1)}${share}`;
      }),
    );
  }
  const distinct = averages.filter(({ kind }) => kind !== 'all' || averages.length > 2);
  for (const { kind, rows } of distinct) {
    tables.push({
      title: `Mean over ${kind === 'all' ? 'all' : `the ${kind}`} tasks that are finished`,
      headings: ['policy', 'tasks', '÷ full', 'rows of full'],
      rows: rows.map(({ name, tasks: counted, ratio, rowShare }) => [
        name,
        String(counted.length),
        withInterval(ratio) ?? nothing,
        rowShare === null ? nothing : percent(rowShare),
      ]),
    });
  }
  return tables;
}

const percent = (share: number) => `${(100 * share).toFixed(0)} %`;

function table(
  title: string,
  tasks: readonly TaskSummary[],
  cell: (row: ContenderSummary) => string,
): TitledTable {
  const names = [...new Set(tasks.flatMap(({ rows }) => rows.map(({ name }) => name)))];
  return {
    title,
    headings: ['policy', ...tasks.map(({ name }) => name)],
    rows: names.map((name) => [
      name,
      ...tasks.map(({ rows, bestWindow }) => {
        const row = rows.find((each) => each.name === name);
        if (!row || row.episodes === 0) return nothing;
        return name === 'best-window' ? `${cell(row)}, K = ${bestWindow}` : cell(row);
      }),
    ]),
  };
}
