import { checkNames, writeFileAtomic } from '@namm/core';
import type { TextTableOptions } from '@namm/report';
import type { ResultStore } from '../table/result-store.js';
import type { ConditionSummary } from '../table/summarise-condition.js';
import { compareEqual } from './compare-equal.js';
import { drawPage } from './draw-page.js';
import { formatCondition, formatSeeds } from './format-tables.js';
import type { NanobenchEntry } from './nanobench-model.js';
import { summariseSeeds } from './over-seeds.js';
import { formatAnswers, rankAnswers } from './rank-answers.js';

/** What a table of NanoBench says of how it was measured. */
export const nanobenchNotes: readonly string[] = [
  'Teacher-forced exact match per question, mean over prompts, then over families; 95 % bootstrap over prompts within families, paired.',
  'Bytes are those of float32 keys and values when the questions are asked, the tokens since the last decision included. All policies decide at the same tokens; nothing is evicted in between.',
  '"bytes of X": the policy has as many bytes as X on the same prompt, its own state and X\'s counted; "rows of X": the same keys, values and positions, state not counted; "heads of X": the same rows in every head after every decision.',
];

/** What {@link formatNanobench} needs beside the summaries. */
export interface NanobenchContext {
  /** The results that were summarised. */
  readonly store: ResultStore;
  readonly models: readonly NanobenchEntry[];
  /** Families that are not held out. */
  readonly evolvedFamilies: readonly string[];
}

/**
 * All tables of a run as text: those of each condition, decoded answers beside teacher-forced ones where there are any,
 * and what holds over models and evolutions.
 *
 * @param summaries per model and length, as {@link runNanobench} gives them
 * @param context what was measured
 * @param options how wide a line may be
 *
 * @example
 * ```ts
 * const { summaries } = await runNanobench({ store, models, evolvedFamilies, … });
 * console.log(formatNanobench(summaries, { store, models, evolvedFamilies }, { width: 100 }));
 * ```
 */
export function formatNanobench(
  summaries: readonly ConditionSummary[][],
  context: NanobenchContext,
  options: TextTableOptions = {},
): string {
  checkNames('formatNanobench', options, ['style', 'width']);
  const { store, models, evolvedFamilies } = checkNames('formatNanobench', context, [
    ...(['store', 'models', 'evolvedFamilies'] as const),
  ]);
  const conditions = summaries.flat();
  const isLearned = (model: string, contender: string) =>
    models.some(
      (entry) => entry.model.name === model && entry.learned.some(({ name }) => name === contender),
    );
  const seeds = summariseSeeds(summaries, isLearned, evolvedFamilies);
  return [
    ...conditions.map((condition) =>
      formatCondition(condition, compareEqual(condition, evolvedFamilies), options),
    ),
    ...conditions
      .filter(({ condition }) => condition.answers === 'generated')
      .map((decoded) => formatAnswers(rankAnswers(decoded, store), options)),
    ...(seeds.length > 0
      ? [`### Over models and evolutions\n\n${formatSeeds(seeds, options)}`]
      : []),
  ].join('\n\n');
}

/**
 * Writes the tables to files, as wide as they are.
 *
 * @param notes of the run, above the tables
 * @param files Markdown, and a page with curves too; each is written where it is named
 */
export async function writeNanobench(
  summaries: readonly ConditionSummary[][],
  context: NanobenchContext,
  notes: readonly string[],
  files: { readonly out?: string | undefined; readonly html?: string | undefined },
): Promise<void> {
  const { out, html } = checkNames('writeNanobench', files, ['out', 'html']);
  const whole = formatNanobench(summaries, context, { width: Number.POSITIVE_INFINITY });
  if (out) await writeFileAtomic(out, `${notes.join('\n\n')}\n\n${whole}\n`);
  if (html) await writeFileAtomic(html, drawPage(summaries.flat(), notes));
}
