import { counted } from '@namm/core';
import { type LineChart, type Report, reportPage, type Series, type Table } from '@namm/report';
import { mean } from '@namm/statistics';
import type { Problem, Stage } from '../problem.js';
import type { GenerationRecord } from './generation-record.js';
import type { SearchSettings } from './search-settings.js';

/** What of a problem its page shows. */
export type Shown = Pick<
  Problem<unknown, unknown, Stage, never>,
  'title' | 'stages' | 'presentation'
>;

/**
 * A run as one HTML page: fitness, the problem's measures and σ over the generations, the mean of the distribution next
 * to the candidates, and a table of the validations.
 *
 * @param records records of `log.jsonl`
 * @returns the page's HTML
 */
export function evolutionReport(
  problem: Shown,
  search: SearchSettings,
  records: readonly GenerationRecord[],
): string {
  const report: Report = {
    title: `Evolving ${problem.title}`,
    parts: [
      { kind: 'text', paragraphs: [summary(problem, search, records)] },
      fitnessChart(problem, records),
      ...measureCharts(problem, records),
      ...taskCharts(problem, records),
      chart('Step size of the search', 'σ, the spread of the candidates', [
        series('σ', evolved(records), ({ sigma }) => sigma),
      ]),
      validationTable(problem, records),
    ],
  };
  return reportPage(report);
}

const meanName = 'mean of the distribution, validated';

const evolved = (records: readonly GenerationRecord[]) =>
  records.filter(({ candidates }) => candidates.length > 0);

const validated = (records: readonly GenerationRecord[]) =>
  records.flatMap(({ generation, stage, validation }) =>
    validation ? [{ generation, stage, ...validation }] : [],
  );

function summary(
  problem: Shown,
  { populationSize, sigma, seed }: SearchSettings,
  records: readonly GenerationRecord[],
): string {
  const { stages, presentation } = problem;
  const planned = stages.reduce((sum, { generations }) => sum + generations, 0);
  const done = records.at(-1)?.generation ?? 0;
  const label = presentation?.fitness?.label ?? 'fitness';
  const what = `${done} of ${counted(planned, 'generation')}, ${counted(populationSize, 'candidate')} in each; initial σ ${sigma}, seed ${seed}. Fitness: ${label}.`;
  const best = validated(records).findLast(({ isBest }) => isBest);
  if (!best) return what;
  const shares = presentation?.shares ?? [];
  const measures = shares
    .filter((name) => name in best.measures)
    .map((name) => `; ${nameOf(problem, name)}: ${percent(best.measures[name]!)}`);
  const short =
    best.shortfall > 0
      ? ` It misses what is demanded of every candidate by ${best.shortfall.toFixed(3)}.`
      : '';
  return `Best mean: fitness ${best.fitness.toFixed(3)} in generation ${best.generation}${measures.join('')}.${short} ${what}`;
}

function fitnessChart({ presentation }: Shown, records: readonly GenerationRecord[]): LineChart {
  const { label = 'fitness', description = '', baseline } = presentation?.fitness ?? {};
  const [first, last] = [records[0]?.generation ?? 0, records.at(-1)?.generation ?? 0];
  const line = (name: string, value: number): Series => {
    return { name, x: [first, last], y: [value, value], dashed: true };
  };
  return {
    ...chart('Fitness', label, [
      spread('candidates', evolved(records), ({ fitness }) => fitness),
      series(meanName, validated(records), ({ fitness }) => fitness),
      ...(baseline ? [line(baseline.name, baseline.fitness)] : []),
    ]),
    description: `${description} Band: smallest to largest of the candidates.`.trim(),
  };
}

function measureCharts(problem: Shown, records: readonly GenerationRecord[]): LineChart[] {
  const { charts = [], shares = [] } = problem.presentation ?? {};
  return charts.map(({ title, label, measures }) => ({
    ...chart(title, label, [
      ...measures
        .slice(0, 1)
        .map((name) =>
          spread(
            `candidates, ${nameOf(problem, name)}`,
            evolved(records),
            (one) => one.measures[name] ?? Number.NaN,
          ),
        ),
      ...measures.map((name) =>
        series(
          `mean, ${nameOf(problem, name)}`,
          validated(records),
          (one) => one.measures[name] ?? Number.NaN,
        ),
      ),
    ]),
    ...(measures.every((name) => shares.includes(name)) && { yFormat: 'percent' as const }),
  }));
}

/** Each kind of unit: how the mean of the distribution does beside the baselines. */
function taskCharts(problem: Shown, records: readonly GenerationRecord[]): LineChart[] {
  const shown = problem.presentation?.tasks;
  if (!shown) return [];
  const all = validated(records);
  const tasks = [...new Set(all.flatMap((one) => Object.keys(one.tasks)))];
  return tasks.map((task) => {
    const own = all.filter((one) => task in one.tasks);
    const measures = shown.measures.map(({ name, dashed = false }) => ({
      ...series(nameOf(problem, name), own, (one) => one.tasks[task]![name] ?? Number.NaN),
      dashed,
    }));
    return {
      ...chart(`Task: ${task}`, shown.label, measures),
      ...(shown.areShares && { yFormat: 'percent' as const }),
    };
  });
}

function validationTable(problem: Shown, records: readonly GenerationRecord[]): Table {
  const all = validated(records);
  const { shares = [] } = problem.presentation ?? {};
  const measures = Object.keys(all[0]?.measures ?? {});
  const isDemanded = all.some(({ shortfall }) => shortfall > 0);
  return {
    kind: 'table',
    title: 'Validations of the mean',
    description: `Within a stage, always on the same units.${isDemanded ? ' A mean that falls short of what is demanded ranks below all that fall short by less, whatever its fitness.' : ''}`,
    columns: [
      ...['generation', 'stage', 'fitness'].map((name) => ({ name })),
      ...(isDemanded ? [{ name: 'missed by' }] : []),
      ...measures.map((name) => ({
        name: nameOf(problem, name),
        ...(shares.includes(name) && { format: 'percent' as const }),
      })),
      { name: 'best so far' },
    ],
    rows: all.map((one) => [
      ...[one.generation, one.stage + 1, one.fitness],
      ...(isDemanded ? [one.shortfall] : []),
      ...measures.map((name) => one.measures[name] ?? null),
      one.isBest ? 'yes' : '',
    ]),
  };
}

function nameOf({ presentation }: Shown, measure: string): string {
  return presentation?.names?.[measure] ?? measure;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function chart(title: string, yLabel: string, lines: readonly Series[]): LineChart {
  return { kind: 'lineChart', title, xLabel: 'generation', yLabel, series: lines };
}

function series<Point extends { readonly generation: number }>(
  name: string,
  points: readonly Point[],
  y: (point: Point) => number,
): Series {
  return { name, x: points.map(({ generation }) => generation), y: points.map(y) };
}

/** The candidates of each generation: their mean, and a band from the smallest to the largest. */
function spread(
  name: string,
  records: readonly GenerationRecord[],
  of: (candidate: NonNullable<GenerationRecord['candidates'][number]>) => number,
): Series {
  const known = records.map(({ candidates }) =>
    candidates.flatMap((candidate) => (candidate ? [of(candidate)] : [])),
  );
  const each = (value: (values: number[]) => number) =>
    known.map((values) => (values.length > 0 ? value(values) : Number.NaN));
  return {
    ...{ name, x: records.map(({ generation }) => generation), y: each(mean) },
    lower: each((values) => Math.min(...values)),
    upper: each((values) => Math.max(...values)),
  };
}
