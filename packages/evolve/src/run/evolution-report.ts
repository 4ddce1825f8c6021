import { type LineChart, type Report, reportPage, type Series, type Table } from '@namm/report';
import { mean } from '@namm/statistics';
import type { EvolutionSettings } from './evolution-settings.js';
import type { GenerationRecord, ValidationRecord } from './generation-record.js';

/**
 * A run as one HTML page: fitness, what is kept, tasks and σ over the generations, the mean beside the members.
 *
 * @param records those of `log.jsonl`
 */
export function evolutionReport(
  settings: EvolutionSettings,
  records: readonly GenerationRecord[],
): string {
  const report: Report = {
    title: titleOf(settings),
    parts: [
      { kind: 'text', paragraphs: [summary(settings, records)] },
      fitnessChart(settings, records),
      keptChart(records),
      ...taskCharts(settings, records),
      chart('Step size of the search', 'σ', [series('σ', evolved(records), ({ sigma }) => sigma)]),
      validationTable(records),
    ],
  };
  return reportPage(report);
}

/** What is evolved, in words. */
function titleOf({ trainable }: EvolutionSettings): string {
  if (trainable.kind === 'key-norm') return 'Evolving a policy that sees key norms and ages';
  const names = { bam: 'a NAMM', mlp: 'a NAMM with an MLP', linear: 'a NAMM with a linear scorer' };
  const name = names[trainable.scorer.kind];
  return trainable.scorerParameters ? `Evolving the head bias of ${name}` : `Evolving ${name}`;
}

const evolved = (records: readonly GenerationRecord[]) =>
  records.filter(({ members }) => members.length > 0);

const validated = (records: readonly GenerationRecord[]) =>
  records.flatMap(({ generation, stage, validation }) =>
    validation ? [{ generation, stage, ...validation }] : [],
  );

function summary(settings: EvolutionSettings, records: readonly GenerationRecord[]): string {
  const { populationSize, sigma, seed, stages, fitness } = settings;
  const planned = stages.reduce((sum, { generations }) => sum + generations, 0);
  const done = records.at(-1)?.generation ?? 0;
  const best = validated(records).findLast(({ isBest }) => isBest);
  const found = best
    ? ` Best mean: generation ${best.generation}, fitness ${best.fitness.toFixed(3)}, ${(100 * best.keptShare).toFixed(1)} % kept.`
    : '';
  return `${done} of ${planned} generations of ${populationSize} members, initial σ ${sigma}, seed ${seed}, fitness: ${fitness.kind}.${found}`;
}

function fitnessChart(
  settings: EvolutionSettings,
  records: readonly GenerationRecord[],
): LineChart {
  const { kind } = settings.fitness;
  const full = kind === 'score' ? 1 : 0;
  const [first, last] = [records[0]?.generation ?? 0, records.at(-1)?.generation ?? 0];
  const description = {
    score: 'Task score over that of the full cache on the same prompts, mean over tasks.',
    'probability-gain':
      'Probability of the answers minus that under the full cache, mean over tasks.',
    'log-probability-gain':
      'Log-probability of the answers minus that under the full cache, mean over tasks.',
  }[kind];
  return {
    ...chart('Fitness', kind, [
      spread('members', evolved(records), ({ fitness }) => fitness),
      series('mean of the distribution, validated', validated(records), (each) => each.fitness),
      { name: 'full cache', x: [first, last], y: [full, full], dashed: true },
    ]),
    description: `${description} Band: smallest to largest of the members.`,
  };
}

function keptChart(records: readonly GenerationRecord[]): LineChart {
  return {
    ...chart('Tokens kept', 'share of the tokens seen', [
      spread('members, average over updates', evolved(records), ({ keptShare }) => keptShare),
      series('mean, average over updates', validated(records), (each) => each.keptShare),
      series('mean, at the answers', validated(records), (each) => each.keptAtAnswer),
    ]),
    yFormat: 'percent',
  };
}

/** Each task: how the mean of the distribution does beside the full cache. */
function taskCharts(
  settings: EvolutionSettings,
  records: readonly GenerationRecord[],
): LineChart[] {
  const tasks = [...new Set(settings.stages.flatMap(({ tasks }) => tasks))];
  return tasks.map((task) => {
    const own = validated(records).filter(({ tasks }) => task in tasks);
    return chart(`Task: ${task}`, 'validation score', [
      series('mean of the distribution', own, ({ tasks }) => tasks[task]!.score),
      { ...series('full cache', own, ({ tasks }) => tasks[task]!.fullScore), dashed: true },
    ]);
  });
}

function validationTable(records: readonly GenerationRecord[]): Table {
  const average = (
    tasks: ValidationRecord['tasks'],
    what: 'score' | 'fullScore' | 'logProbability' | 'fullLogProbability',
  ) => mean(Object.values(tasks).map((task) => task[what]));
  return {
    kind: 'table',
    title: 'Validations of the mean',
    description: 'Always the same prompts of the development split within a stage.',
    columns: [
      { name: 'generation' },
      { name: 'stage' },
      { name: 'fitness' },
      { name: 'score' },
      { name: 'full cache' },
      { name: 'log-probability' },
      { name: 'full cache’s' },
      { name: 'kept, average', format: 'percent' },
      { name: 'kept at the answers', format: 'percent' },
      { name: 'best so far' },
    ],
    rows: validated(records).map((each) => [
      each.generation,
      each.stage,
      each.fitness,
      average(each.tasks, 'score'),
      average(each.tasks, 'fullScore'),
      average(each.tasks, 'logProbability'),
      average(each.tasks, 'fullLogProbability'),
      each.keptShare,
      each.keptAtAnswer,
      each.isBest ? 'yes' : '',
    ]),
  };
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

/** The members of each generation: their mean, and a band from the smallest to the largest. */
function spread(
  name: string,
  records: readonly GenerationRecord[],
  of: (member: GenerationRecord['members'][number]) => number | null,
): Series {
  const known = records.map(({ members }) => members.map(of).filter((value) => value !== null));
  const each = (value: (values: number[]) => number) =>
    known.map((values) => (values.length > 0 ? value(values) : Number.NaN));
  return {
    name,
    x: records.map(({ generation }) => generation),
    y: each(mean),
    lower: each((values) => Math.min(...values)),
    upper: each((values) => Math.max(...values)),
  };
}
