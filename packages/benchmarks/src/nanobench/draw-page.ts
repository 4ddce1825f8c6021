import { counted } from '@namm/core';
import { type ReportPart, reportPage, type Series } from '@namm/report';
import type { Interval } from '@namm/statistics';
import type { ConditionSummary, RowSummary } from '../table/summarise-condition.js';
import { describeBudget } from '../table/table-row.js';
import { titleOf } from './format-tables.js';

/** The table as one HTML page: per condition a chart of score against bytes, and the rows. */
export function drawPage(
  conditions: readonly ConditionSummary[],
  notes: readonly string[],
): string {
  return reportPage({
    title: 'NanoBench',
    parts: [
      ...conditions.flatMap(partsOf),
      { kind: 'text', heading: 'How it was measured', paragraphs: notes },
    ],
  });
}

function partsOf({ condition, rows }: ConditionSummary): ReportPart[] {
  const title = titleOf(condition);
  const full = rows.find(({ row }) => row.contender === 'full')!;
  const curves = contenders(rows).map(([name, own]) => curveOf(name, own));
  const score = full.groups.all!.exactMatch.estimate;
  const reach = Math.max(0, ...curves.flatMap(({ x }) => Array.from(x)));
  const end = Math.min(100, 1.5 * reach); // room for labels, not an empty half of the chart
  // Where the oracle is not surely better than the full cache, there is no gap to close: its shares would be noise.
  const oracle = rows.find(({ row }) => row.contender === 'oracle');
  const hasGap = (oracle?.groups.all?.ratio?.lower ?? 0) > 1;
  const scores: [
    name: string,
    of: (groups: RowSummary['groups']) => Interval | null | undefined,
  ][] = [
    ['exact match', ({ all }) => all?.exactMatch],
    ['÷ full', ({ all }) => all?.ratio],
    ['macro ÷ full', ({ all }) => all?.macro],
    ['evolved ÷ full', ({ evolved }) => evolved?.ratio],
    ['held-out ÷ full', ({ heldOut }) => heldOut?.ratio],
    ...(hasGap ? [['gap closed', ({ all }) => all?.gapClosed] satisfies (typeof scores)[0]] : []),
  ];
  return [
    {
      kind: 'lineChart',
      title: `${title}: score against memory`,
      description:
        'Exact match, mean over families. Bars are 95 % bootstrap intervals; lines join the budgets of one policy.',
      xLabel: 'keys and values when the questions are asked, % of the full cache',
      yLabel: 'exact match',
      series: [...curves, { name: 'full', x: [0, end], y: [score, score], dashed: true }],
    },
    {
      kind: 'table',
      title,
      description: `${counted(full.prompts, 'prompt')}; bytes are those when the questions are asked. Below each score its 95 % bootstrap interval.`,
      columns: [
        { name: 'policy' },
        { name: 'budget' },
        ...scores.map(([name]) => ({ name })),
        { name: 'kept', format: 'percent' },
        { name: 'keys and values', format: 'bytes' },
        { name: 'positions', format: 'bytes' },
        { name: 'policy state', format: 'bytes' },
        { name: 'peak', format: 'bytes' },
      ],
      rows: rows.map(({ row, kept, bytes, groups }) => [
        row.contender,
        describeBudget(row.budget),
        ...scores.map(([, of]) => of(groups) ?? null),
        kept.atAnswer,
        ...[bytes.keysAndValues, bytes.positions, bytes.policy, bytes.peak],
      ]),
    },
  ];
}

/** All but the full cache, each with its rows. */
function contenders(rows: readonly RowSummary[]): [name: string, rows: RowSummary[]][] {
  const names = new Set(rows.map(({ row }) => row.contender));
  names.delete('full');
  return [...names].map((name) => [name, rows.filter(({ row }) => row.contender === name)]);
}

/** The rows that have the same number of rows in every head, and those that decide themselves. */
function curveOf(name: string, rows: readonly RowSummary[]): Series {
  const points = rows
    .filter(({ row }) => row.budget.kind !== 'heads')
    .map(({ row, bytesShare, groups }) => ({
      x: 100 * bytesShare,
      label: row.budget.kind === 'own' ? name : `${name}, ${describeBudget(row.budget)}`,
      ...groups.all!.exactMatch,
    }))
    .sort((a, b) => a.x - b.x);
  return {
    name,
    x: points.map(({ x }) => x),
    y: points.map(({ estimate }) => estimate),
    lower: points.map(({ lower }) => lower),
    upper: points.map(({ upper }) => upper),
    labels: points.map(({ label }) => label),
  };
}
