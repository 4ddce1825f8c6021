import { join } from 'node:path';
import {
  bundledTasks,
  ControlTable,
  summariseTable,
  type TableContenderOptions,
  tableContenders,
  tableText,
} from '@namm/control';
import { type ProgressListener, writeFileAtomic } from '@namm/core';
import { contenderFor } from './contender-for.js';

/** Options of {@link fillControlTable}. */
export interface FillControlTableOptions extends Omit<TableContenderOptions, 'contender'> {
  /** Folder for episodes and tables; what it has is not played again. */
  readonly out: string;
  /** Of the bundled tasks, by name. */
  readonly tasks: readonly string[];
  /** Episodes per policy and task. */
  readonly episodes: number;
  /** Of the first episode; the next have the next. */
  readonly seed: number;
  /** Steps of windows, of which the best on other episodes is a row. */
  readonly windows: readonly number[];
  readonly validationEpisodes: number;
  /** Columns of a line of the tables. */
  readonly width: number;
  /** Told the tables: of what has been played when it is stopped, too. */
  readonly onTables: (text: string) => void;
  readonly onProgress: ProgressListener;
  readonly signal: AbortSignal;
}

/**
 * Lets the bundled agents play the same episodes under the same policies; `table.md` and `table.json` are in the folder.
 *
 * @throws what is wrong with a policy, before anything is played
 * @throws the signal's reason when it is aborted
 */
export async function fillControlTable(options: FillControlTableOptions): Promise<void> {
  const { out, episodes, seed, windows, validationEpisodes, onProgress, signal } = options;
  const { policies, namms = [], languageNamm, budget, updateInterval } = options;
  const rows = { policies, namms, languageNamm, budget, updateInterval, contender: contenderFor };
  const table = new ControlTable({
    folder: out,
    tasks: bundledTasks.filter(({ name }) => options.tasks.includes(name)),
    contenders: (task) => tableContenders(task, rows),
    ...{ episodes, seed, windows, validationEpisodes },
  });
  try {
    await table.run({ signal, onProgress });
  } finally {
    const summary = await summariseTable(table);
    if (summary.tasks.some(({ rows }) => rows.some((row) => row.episodes > 0))) {
      options.onTables(tableText(summary, options.width));
      await writeFileAtomic(join(out, 'table.md'), tableText(summary));
      await writeFileAtomic(join(out, 'table.json'), `${JSON.stringify(summary, null, 1)}\n`);
    }
  }
}
