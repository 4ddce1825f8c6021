import type { ProgressListener } from '@namm/core';
import { checkNames } from '@namm/core';
import type { Filler } from '../filler.js';
import { fullContender } from '../table/contender.js';
import { measureRows } from '../table/measure-rows.js';
import type { ResultStore } from '../table/result-store.js';
import { type ConditionSummary, summariseConditions } from '../table/summarise-condition.js';
import type { TableRow } from '../table/table-row.js';
import { taskFamilies } from '../task-families.js';
import type { Extension } from './extension.js';
import type { NanobenchModel } from './nanobench-model.js';

export interface TuneOptions {
  readonly store: ResultStore;
  /** Run length over training length. */
  readonly factor: number;
  readonly extensions: readonly Extension[];
  /** Per family. */
  readonly prompts: number;
  readonly seed: number;
  readonly filler: Filler;
  readonly onProgress?: ProgressListener;
  /** Stops it with the signal's reason; what was measured is in the store. */
  readonly signal?: AbortSignal;
}

/** All NTK alphas with all logit factors, and YaRN with these. */
export function extensionGrid(
  alphas: readonly number[],
  logitFactors: readonly number[],
  yarn: boolean,
): Extension[] {
  return logitFactors.flatMap((logitFactor): Extension[] => [
    ...alphas.map((alpha): Extension => ({ kind: 'ntk', alpha, logitFactor })),
    ...(yarn ? [{ kind: 'yarn', alpha: 1, logitFactor } as const] : []),
  ]);
}

/**
 * Measures the full cache under context extensions, on the development split.
 *
 * @returns one summary per extension, best first; of equal scores, the one with the likelier answers first
 */
export async function tuneExtensions(
  model: NanobenchModel,
  options: TuneOptions,
): Promise<ConditionSummary[]> {
  checkNames('tuneExtensions', options, [
    ...(['store', 'factor', 'extensions', 'prompts', 'seed'] as const),
    ...(['filler', 'onProgress', 'signal'] as const),
  ]);
  const { store, factor, extensions, prompts, seed, filler, onProgress, signal } = options;
  const { name, version, trainedLength, tokenizer, loadModel } = model;
  const rows = extensions.map(
    (extension): TableRow => ({
      setting: { model: name, version, factor, ...extension },
      length: trainedLength * factor,
      split: 'development',
      seed,
      placement: 'last',
      updateInterval: 256,
      answers: 'teacherForced',
      contender: fullContender.name,
      contenderVersion: '',
      budget: { kind: 'own' },
    }),
  );
  await measureRows(rows, {
    ...{ store, contenders: [fullContender], families: taskFamilies, prompts },
    ...{ filler, tokenizer, loadModel },
    ...(onProgress && { onProgress }),
    ...(signal && { signal }),
  });
  const tried = summariseConditions(store, rows, { evolvedFamilies: [] });
  return tried.sort((a, b) => scoreOf(b) - scoreOf(a) || likelihoodOf(b) - likelihoodOf(a));
}

/** The extension that a summary is of. */
export function extensionOf({ condition: { setting } }: ConditionSummary): Extension {
  const { kind, alpha, logitFactor } = setting;
  return { kind, alpha, logitFactor };
}

function scoreOf({ rows: [row] }: ConditionSummary): number {
  return row!.groups.all!.exactMatch.estimate;
}

function likelihoodOf({ rows: [row] }: ConditionSummary): number {
  return row!.logProbability!;
}
