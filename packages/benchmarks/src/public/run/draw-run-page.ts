import { counted } from '@namm/core';
import { type ReportPart, reportPage, type Series } from '@namm/report';
import { type EvictionTime, evictionTimes } from './eviction-time.js';
import { grouped } from './grouped.js';
import type { DepthMap } from './heat-maps.js';
import type { RunSummary } from './run-summary.js';
import type { PublicRow } from './summarise-run.js';

/** A run as one HTML page: per benchmark a chart of score against memory, and the rows. */
export function drawRunPage({
  settings,
  tasks,
  skipped,
  problems,
  maps,
  rows,
}: RunSummary): string {
  const parts: ReportPart[] = [protocolOf(settings)];
  for (const [benchmark, own] of grouped(rows, (row) => row.benchmark)) {
    const hasAll = own.some(({ task }) => task === 'all');
    const chosen = hasAll ? own.filter(({ task }) => task === 'all') : own;
    for (const [task, ofTask] of grouped(chosen, (row) => row.task)) {
      parts.push(chartOf(`${benchmark}, ${task === 'all' ? 'mean over tasks' : task}`, ofTask));
    }
    const ofBenchmark = maps.filter((map) => map.benchmark === benchmark);
    parts.push(...ofBenchmark.map(pictureOf), tableOf(benchmark, own));
  }
  parts.push({
    kind: 'table',
    title: 'Tasks',
    description: 'How each was asked, as its benchmark prescribes.',
    columns: [
      ...[{ name: 'benchmark' }, { name: 'task' }, { name: 'prompts' }, { name: 'bad rows' }],
      ...[{ name: 'tokens of an answer' }, { name: 'chat template' }, { name: 'first line only' }],
    ],
    rows: tasks.map((task) => [
      ...[task.benchmark, task.name, task.prompts, task.badRows, task.maxNewTokens],
      ...[task.chatTemplate ? 'yes' : 'no', task.firstLineOnly ? 'yes' : 'no'],
    ]),
  });
  if (skipped.length > 0) {
    const paragraphs = skipped.map(
      (each) =>
        `${each.benchmark}, ${each.task}: ${counted(each.prompts, 'prompt')} under ${each.policy} ${each.budget}: with its second reading they need more positions than the model has`,
    );
    parts.push({ kind: 'text', heading: 'Prompts that were skipped', paragraphs });
  }
  if (problems.length > 0) {
    parts.push({ kind: 'text', heading: 'Rows that were left out', paragraphs: problems });
  }
  const said = Object.entries(settings)
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
  parts.push({ kind: 'text', heading: 'Settings', paragraphs: said });
  return reportPage({ title: 'Benchmarks', parts });
}

/** When policies evicted, in words. */
function protocolOf({ evict }: RunSummary['settings']): ReportPart {
  const said: Readonly<Record<EvictionTime, string>> = {
    'while-reading':
      'Policies evict while they read, after every chunk of a prompt, and while they answer.',
    'after-context':
      'Policies evict once, behind a prompt without its question, which is read afterwards; question and answer stay whole. Policies that choose at intervals of their own, such as NAMMs, evict while they read.',
    'after-prompt':
      'Policies evict once, behind the whole prompt but for its last token, with the question in sight; the answer stays whole. Policies that choose at intervals of their own, such as NAMMs, evict while they read.',
  };
  const time = evictionTimes.find((each) => each === evict) ?? 'while-reading';
  return { kind: 'text', heading: 'Protocol', paragraphs: [said[time]] };
}

function pictureOf(map: DepthMap): ReportPart {
  const { benchmark, policy, budget, lengths, depths, scores, prompts } = map;
  return {
    ...{ kind: 'heatMap', title: `${benchmark}: ${policy} ${budget}`, range: [0, 100] },
    ...{ xLabel: 'tokens', yLabel: 'depth, %', columns: lengths.map(String) },
    ...{ rows: depths.map(String), values: scores },
    notes: prompts.map((row) => row.map((count) => `${count} prompt${count === 1 ? '' : 's'}`)),
  };
}

function chartOf(title: string, rows: readonly PublicRow[]): ReportPart {
  const full = rows.find(({ policy }) => policy === 'full');
  const curves = [
    ...grouped(
      rows.filter((row) => row !== full),
      ({ policy }) => policy,
    ),
  ].map(([name, own]): Series => {
    const points = [...own].sort((a, b) => a.keptShare - b.keptShare);
    return {
      name,
      x: points.map(({ keptShare }) => 100 * keptShare),
      y: points.map(({ official }) => official.estimate),
      lower: points.map(({ official }) => official.lower),
      upper: points.map(({ official }) => official.upper),
      labels: points.map(({ budget }) => budget),
    };
  });
  const line = full?.official.estimate;
  return {
    kind: 'lineChart',
    title: `${title}: score against memory`,
    description: 'Official score. Bars are 95 % bootstrap intervals over texts.',
    xLabel: 'rows held before the answer, % of the tokens read',
    yLabel: 'score',
    series: [
      ...curves,
      ...(line === undefined ? [] : [{ name: 'full', x: [0, 100], y: [line, line], dashed: true }]),
    ],
  };
}

/** The mean over tasks is what is looked for: it stands above the tasks. */
function resultFirst(rows: readonly PublicRow[]): PublicRow[] {
  const isMean = ({ task }: PublicRow) => task === 'all';
  return [...rows.filter(isMean), ...rows.filter((row) => !isMean(row))];
}

/** A smaller one would have every p of the column written with decimals of its own. */
const toThousandths = (p: number) => Math.round(1000 * p) / 1000;

function tableOf(benchmark: string, rows: readonly PublicRow[]): ReportPart {
  return {
    kind: 'table',
    title: benchmark,
    description:
      'Scores, and their ratio to the full cache, with 95 % bootstrap intervals over texts (all questions about a text are drawn together). p: paired difference from the full cache. Peak: most bytes at any moment, just before a pass ends with an eviction. Footprint: entries held, summed over all tokens read and written, relative to full attention. Gone everywhere: tokens that no head holds any more.',
    columns: [
      ...[{ name: 'task' }, { name: 'policy' }, { name: 'budget' }, { name: 'score' }],
      ...[{ name: 'strict' }, { name: '÷ full' }, { name: 'p' }, { name: 'prompts' }],
      { name: 'kept', format: 'percent' },
      { name: 'bytes', format: 'bytes' },
      { name: 'peak', format: 'bytes' },
      { name: 'resident', format: 'bytes' },
      { name: 'footprint', format: 'percent' },
      { name: 'gone everywhere', format: 'percent' },
      ...[{ name: 'cut' }, { name: 'skipped' }, { name: 's per prompt' }],
    ],
    rows: resultFirst(rows).map((row) => [
      ...[row.task, row.policy, row.budget, row.official, row.strict, row.againstFull],
      ...[row.p === null ? null : toThousandths(row.p), row.prompts],
      ...[row.keptShare, row.bytes, row.peakBytes, row.residentBytes],
      ...[row.footprint, row.goneEverywhere, row.cut, row.skipped, row.secondsPerPrompt],
    ]),
  };
}
