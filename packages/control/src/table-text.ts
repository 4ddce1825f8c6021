import { textTable } from '@namm/report';
import type { TableSummary } from './summarise-table.js';
import { tablesOfTasks } from './tables-of-tasks.js';

/**
 * The tables of a summary as text; it is valid Markdown unless cut to a width.
 *
 * @param width columns of a terminal. @defaultValue no limit
 */
export function tableText(summary: TableSummary, width = Number.POSITIVE_INFINITY): string {
  return tablesOfTasks(summary)
    .map(({ title, headings, rows }) => `**${title}**\n\n${textTable(headings, rows, { width })}\n`)
    .join('\n');
}
