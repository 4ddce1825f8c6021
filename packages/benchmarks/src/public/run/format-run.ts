import { checkNames } from '@namm/core';
import { type TextTableOptions, textTable } from '@namm/report';
import type { Interval } from '@namm/statistics';
import type { DepthMap } from './heat-maps.js';
import type { PublicRow } from './summarise-run.js';

const one = (value: number) => (Number.isFinite(value) ? value.toFixed(1) : '–');
const two = (value: number) => (Number.isFinite(value) ? value.toFixed(2) : '–');
const range = ({ estimate, lower, upper }: Interval, show: (value: number) => string) =>
  `${show(estimate)} [${show(lower)}, ${show(upper)}]`;

/** The table of a run as text. */
export function formatRun(rows: readonly PublicRow[], options: TextTableOptions = {}): string {
  checkNames('formatRun', options, ['style', 'width']);
  return textTable(
    [
      'benchmark',
      'task',
      'policy',
      'budget',
      'n',
      'score',
      'strict',
      '÷ full',
      'p',
      'kept',
      'footprint',
      'gone',
    ],
    rows.map((row) => [
      ...[row.benchmark, row.task, row.policy, row.budget],
      row.skipped > 0 ? `${row.prompts} (${row.skipped} skipped)` : String(row.prompts),
      ...[range(row.official, one), range(row.strict, one)],
      row.againstFull === null ? '' : range(row.againstFull, two),
      row.p === null ? '' : row.p.toFixed(3),
      ...[row.keptShare, row.footprint, row.goneEverywhere].map((share) => `${one(100 * share)} %`),
    ]),
    options,
  );
}

/** The table of a run as CSV, numbers in full. */
export function runToCsv(rows: readonly PublicRow[]): string {
  const interval = (name: string) => [name, `${name} lower`, `${name} upper`];
  const cells = (value: Interval | null) =>
    value === null ? ['', '', ''] : [value.estimate, value.lower, value.upper];
  const head = [
    ...['benchmark', 'task', 'policy', 'budget', 'prompts', 'skipped', ...interval('official')],
    ...[...interval('strict'), ...interval('against full'), 'p', 'kept share', 'bytes'],
    ...[
      'peak bytes',
      'resident bytes',
      'footprint',
      'gone everywhere',
      'cut',
      'scorer errors',
      'seconds per prompt',
    ],
  ];
  const lines = rows.map((row) => [
    ...[row.benchmark, row.task, row.policy, row.budget, row.prompts, row.skipped],
    ...[...cells(row.official), ...cells(row.strict), ...cells(row.againstFull), row.p ?? ''],
    ...[row.keptShare, row.bytes, row.peakBytes, row.residentBytes, row.footprint],
    ...[row.goneEverywhere, row.cut, row.scorerErrors, row.secondsPerPrompt],
  ]);
  return csvOf([head, ...lines]);
}

/** Heat maps as CSV, a line for each cell. */
export function mapsToCsv(maps: readonly DepthMap[]): string {
  const lines = maps.flatMap(({ benchmark, policy, budget, lengths, depths, scores, prompts }) =>
    depths.flatMap((depth, y) =>
      lengths.map((length, x) => [
        ...[benchmark, policy, budget, length, depth, prompts[y]![x]!, scores[y]![x] ?? ''],
      ]),
    ),
  );
  return csvOf([
    ['benchmark', 'policy', 'budget', 'length', 'depth', 'prompts', 'official'],
    ...lines,
  ]);
}

function csvOf(lines: readonly (readonly (string | number)[])[]): string {
  const quoted = (cell: string | number) =>
    /[",\n]/.test(String(cell)) ? `"${String(cell).replaceAll('"', '""')}"` : String(cell);
  return lines.map((line) => `${line.map(quoted).join(',')}\n`).join('');
}
