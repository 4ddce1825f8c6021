import type { SpeedRow } from './speed-row.js';

const headings = [
  'tokens',
  'runtime',
  'prefill tokens/s',
  '±',
  'decode ms/token',
  '±',
  'peak MB',
  'prefill ×',
  'decode ×',
];

/** A Markdown table; the last columns are the time of transformers.js over the row's time. */
export function formatTable(rows: readonly SpeedRow[]): string {
  const cells = rows.map((row) => {
    const peer = rows.find(
      ({ length, contender }) => length === row.length && contender === 'transformers.js',
    )!;
    const ratio = (of: 'prefill' | 'decode') => (peer[of].median / row[of].median).toFixed(2);
    return [
      row.length.toLocaleString('en'),
      row.contender,
      (row.length / row.prefill.median).toFixed(0),
      percent(row.prefill.spread),
      (row.decode.median * 1000).toFixed(1),
      percent(row.decode.spread),
      row.peakMegabytes.toFixed(0),
      ratio('prefill'),
      ratio('decode'),
    ];
  });
  const lines = [headings, ...cells];
  const widths = headings.map((_, column) =>
    Math.max(...lines.map((line) => line[column]!.length)),
  );
  const format = (line: readonly string[]) => {
    const padded = line.map((cell, column) =>
      column === 1 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
    );
    return `| ${padded.join(' | ')} |`;
  };
  const rule = widths.map((width, column) =>
    column === 1 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [format(headings), `| ${rule.join(' | ')} |`, ...cells.map(format)].join('\n');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
