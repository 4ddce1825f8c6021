import { textTable } from '@namm/report';
import type { TableSummary } from './summarise-table.js';
import { tablesOfTasks } from './tables-of-tasks.js';

/**
 * The tables of a summary as text, which is Markdown when they are not cut to a width.
 *
 * @param width columns of a terminal. @defaultValue as wide as they are
 */
export function tableText(summary: TableSummary, width = Number.POSITIVE_INFINITY): string {
  return tablesOfTasks(summary)
    .map(({ title, headings, rows }) => `**${title}**\n\n${textTable(headings, rows, { width })}\n`)
    .join('\n');
}
