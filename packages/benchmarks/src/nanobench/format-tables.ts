import { checkNames, counted } from '@namm/core';
import { type TextTableOptions, textTable } from '@namm/report';
import type { Interval } from '@namm/statistics';
import type { ConditionSummary, RowSummary } from '../table/summarise-condition.js';
import { describeBudget, describeExtension, type TableCondition } from '../table/table-row.js';
import type { Comparison } from './compare-equal.js';
import type { SeedSummary } from './over-seeds.js';

/** Of a family, below which a bootstrap of a difference says nothing. */
const fewestPrompts = 10;

/** Such as `nano-llama, ntk ×4, alpha 2: 512 tokens`. */
export function titleOf({ setting, length, placement, answers }: TableCondition): string {
  const placed = {
    last: '',
    first: ', questions first too',
    unseen: ', questions announced behind the last update',
    seen: ', questions announced before the last update',
  }[placement];
  const decoded = answers === 'generated' ? ', answers decoded' : '';
  return `${setting.model}, ${describeExtension(setting)}: ${length} tokens${placed}${decoded}`;
}

/** A condition as text: all rows, the families, what differs from what at equal budgets. */
export function formatCondition(
  { condition, rows }: ConditionSummary,
  comparisons: readonly Comparison[],
  options: TextTableOptions = {},
): string {
  checkNames('formatCondition', options, ['style', 'width']);
  const { split, seed, updateInterval, setting } = condition;
  const model = `model ${setting.version}`;
  const prompts = `${counted(rows[0]!.prompts, 'prompt')} of the ${split} split, seed ${seed}`;
  return [
    `### ${titleOf(condition)}`,
    `${prompts}; decisions every ${updateInterval} tokens; ${model}.`,
    formatRows(rows, options),
    formatFamilies(rows, options),
    ...(comparisons.length > 0 ? [formatComparisons(comparisons, options)] : []),
  ].join('\n\n');
}

function formatRows(rows: readonly RowSummary[], options: TextTableOptions): string {
  const kilobytes = (bytes: number) => (bytes / 1000).toFixed(1);
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return textTable(
    [
      ...['policy', 'budget', 'kept', 'kept, average', 'K/V of full', 'K/V + positions kB'],
      ...['state kB', 'K/V average kB', 'K/V peak kB', 'EM', '÷ full', 'macro ÷ full'],
      ...['evolved ÷ full', 'held-out ÷ full', 'gap closed', 'held-out gap', 'log-prob.'],
    ],
    rows.map(({ row, kept, bytes, bytesShare, groups, logProbability }) => [
      ...[row.contender, describeBudget(row.budget), percent(kept.atAnswer)],
      ...[percent(kept.average), percent(bytesShare)],
      kilobytes(bytes.keysAndValues + bytes.positions),
      ...[bytes.policy, bytes.average, bytes.peak].map(kilobytes),
      ...[groups.all?.exactMatch, groups.all?.ratio, groups.all?.macro].map(formatInterval),
      ...[groups.evolved?.ratio, groups.heldOut?.ratio].map(formatInterval),
      ...[groups.all?.gapClosed, groups.heldOut?.gapClosed].map(formatInterval),
      logProbability === null ? '–' : logProbability.toFixed(3),
    ]),
    options,
  );
}

function formatFamilies(rows: readonly RowSummary[], options: TextTableOptions): string {
  const families = [...rows[0]!.families.keys()];
  return textTable(
    ['policy', 'budget', ...families],
    rows.map(({ row, families: scores }) => [
      row.contender,
      describeBudget(row.budget),
      ...families.map((family) => formatInterval(scores.get(family))),
    ]),
    options,
  );
}

function formatComparisons(comparisons: readonly Comparison[], options: TextTableOptions): string {
  return textTable(
    ['policy', 'minus', 'with', 'EM', 'p', 'EM, held-out', 'p, held-out'],
    comparisons.map(({ reference, other, budget, all, heldOut, promptsPerFamily }) => [
      reference,
      other,
      budget,
      formatInterval(all.difference),
      promptsPerFamily < fewestPrompts ? '–' : formatP(all.p),
      formatInterval(heldOut?.difference),
      heldOut && promptsPerFamily >= fewestPrompts ? formatP(heldOut.p) : '–',
    ]),
    options,
  );
}

/** Ratios over base models and evolutions. */
export function formatSeeds(
  summaries: readonly SeedSummary[],
  options: TextTableOptions = {},
): string {
  checkNames('formatSeeds', options, ['style', 'width']);
  return textTable(
    ['tokens', 'extension', 'models', 'evolutions', '÷ full', 'evolved ÷ full', 'held-out ÷ full'],
    summaries.map(({ length, extension, models, evolutions, all, evolved, heldOut }) => [
      String(length),
      extension,
      String(models),
      String(evolutions),
      ...[all, evolved, heldOut].map(formatInterval),
    ]),
    options,
  );
}

/** What was tried to extend a model, best first. */
export function formatTuned(
  tried: readonly ConditionSummary[],
  options: TextTableOptions = {},
): string {
  checkNames('formatTuned', options, ['style', 'width']);
  return textTable(
    ['extension', 'EM', 'log-prob.', 'prompts'],
    tried.map(({ condition, rows: [row] }) => [
      describeExtension(condition.setting),
      formatInterval(row!.groups.all!.exactMatch),
      row!.logProbability!.toFixed(3),
      String(row!.prompts),
    ]),
    options,
  );
}

/** Such as `0.879 [0.862, 0.896]`. */
function formatInterval(interval: Interval | null | undefined): string {
  if (!interval) return '–';
  const { estimate, lower, upper } = interval;
  const three = (value: number) => (Number.isNaN(value) ? '–' : value.toFixed(3));
  return `${three(estimate)} [${three(lower)}, ${three(upper)}]`;
}

function formatP(p: number): string {
  return p < 0.0015 ? p.toFixed(4) : p.toFixed(3);
}
