import { checkNames } from '@namm/core/portable';

export interface TextTableOptions {
  /** `markdown` puts bars around the cells; `plain` leaves them out. @defaultValue 'markdown' */
  readonly style?: 'markdown' | 'plain';
  /** Columns of the terminal. A wider table becomes a list, one line per cell. @defaultValue as wide as it is */
  readonly width?: number;
}

/**
 * A table as text, with aligned columns: words to the left, numbers to the right.
 *
 * @param headings one per column
 * @param rows as many cells each
 * @returns lines without a last line break
 *
 * @example
 * ```ts
 * textTable(['policy', 'kept'], [['full', '100 %'], ['h2o', '25 %']]);
 * ```
 */
export function textTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  options: TextTableOptions = {},
): string {
  checkNames('textTable', options, ['style', 'width']);
  const { style = 'markdown', width = Number.POSITIVE_INFINITY } = options;
  const isWords = headings.map((_, column) => rows.some((row) => /^\p{L}/u.test(row[column]!)));
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]!.length)),
  );
  const isMarkdown = style === 'markdown';
  const join = (cells: readonly string[]) =>
    isMarkdown ? `| ${cells.join(' | ')} |` : cells.join('  ').trimEnd();
  const format = (line: readonly string[]) =>
    join(
      line.map((cell, column) =>
        isWords[column] ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      ),
    );
  const rule = widths.map((length, column) =>
    isWords[column] || !isMarkdown ? '-'.repeat(length) : `${'-'.repeat(length - 1)}:`,
  );
  const table = [format(headings), join(rule), ...rows.map(format)];
  return table[0]!.length > width ? listOf(headings, rows) : table.join('\n');
}

/** Row after row, each cell behind its heading. */
function listOf(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const [, ...names] = headings;
  const longest = Math.max(...names.map((name) => name.length));
  return rows
    .map(([first, ...cells]) =>
      [first!, ...cells.map((cell, i) => `  ${names[i]!.padEnd(longest)}  ${cell}`)].join('\n'),
    )
    .join('\n\n');
}
