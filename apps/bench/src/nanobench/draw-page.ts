import { type ConditionSummary, describeBudget, type RowSummary } from '@namm/benchmarks';
import { type ReportPart, reportPage } from '@namm/report';
import { titleOf } from './format-tables.js';

/** The table as one HTML page: per condition a chart of score against bytes, and the rows. */
export function drawPage(
  conditions: readonly ConditionSummary[],
  notes: readonly string[],
): string {
  return reportPage({
    title: 'NanoBench',
    parts: [{ kind: 'text', paragraphs: notes }, ...conditions.flatMap(partsOf)],
  });
}

function partsOf({ condition, rows }: ConditionSummary): ReportPart[] {
  const title = titleOf(condition);
  const full = rows.find(({ row }) => row.contender === 'full')!;
  const names = [...new Set(rows.map(({ row }) => row.contender))];
  const curves = names
    .filter((name) => name !== 'full')
    .map((name) =>
      curveOf(
        name,
        rows.filter(({ row }) => row.contender === name),
      ),
    );
  const score = full.groups.all!.exactMatch.estimate;
  return [
    {
      kind: 'lineChart',
      title: `${title}: score against memory`,
      description: 'Mean exact match over families; bands are 95 % bootstrap intervals.',
      xLabel: 'keys and values when the questions are asked, % of the full cache',
      yLabel: 'exact match',
      series: [...curves, { name: 'full', x: [0, 100], y: [score, score], dashed: true }],
    },
    {
      kind: 'table',
      title,
      description: `${full.prompts} prompts; bytes are those when the questions are asked.`,
      columns: [
        { name: 'policy' },
        { name: 'budget' },
        { name: 'kept', format: 'percent' },
        { name: 'keys and values', format: 'bytes' },
        { name: 'positions', format: 'bytes' },
        { name: 'policy state', format: 'bytes' },
        { name: 'peak', format: 'bytes' },
        ...[
          'exact match',
          '÷ full',
          'macro',
          'evolved ÷ full',
          'held-out ÷ full',
          'gap closed',
        ].map((name) => ({ name })),
      ],
      rows: rows.map(({ row, kept, bytes, groups }) => [
        row.contender,
        describeBudget(row.budget),
        kept.atAnswer,
        ...[bytes.keysAndValues, bytes.positions, bytes.policy, bytes.peak],
        ...[groups.all?.exactMatch, groups.all?.ratio, groups.all?.macro].map((x) => x ?? null),
        ...[groups.evolved?.ratio, groups.heldOut?.ratio].map((x) => x ?? null),
        groups.all?.gapClosed ?? null,
      ]),
    },
  ];
}

/** The rows that have the same number of rows in every head, and those that decide themselves. */
function curveOf(name: string, rows: readonly RowSummary[]) {
  const points = rows
    .filter(({ row }) => row.budget.kind !== 'heads')
    .map(({ bytesShare, groups }) => ({ x: 100 * bytesShare, ...groups.all!.exactMatch }))
    .sort((a, b) => a.x - b.x);
  return {
    name,
    x: points.map(({ x }) => x),
    y: points.map(({ estimate }) => estimate),
    lower: points.map(({ lower }) => lower),
    upper: points.map(({ upper }) => upper),
  };
}
