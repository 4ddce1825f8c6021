/** A Markdown table with aligned columns: words to the left, numbers to the right. */
export function markdownTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const isWords = headings.map((_, column) => rows.some((row) => !/\d/.test(row[column]!)));
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]!.length)),
  );
  const format = (line: readonly string[]) => {
    const cells = line.map((cell, column) =>
      isWords[column] ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
    );
    return `| ${cells.join(' | ')} |`;
  };
  const rule = widths.map((width, column) =>
    isWords[column] ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [format(headings), `| ${rule.join(' | ')} |`, ...rows.map(format)].join('\n');
}
