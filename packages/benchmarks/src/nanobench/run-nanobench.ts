import type { ProgressListener } from '@namm/core';
import { checkNames } from '@namm/core';
import type { Filler } from '../filler.js';
import {
  type Contender,
  classicContenders,
  fullContender,
  oracleContender,
} from '../table/contender.js';
import { type MeasureOptions, measureRows } from '../table/measure-rows.js';
import type { ResultStore } from '../table/result-store.js';
import { type ConditionSummary, summariseConditions } from '../table/summarise-condition.js';
import {
  conditionKey,
  type QuestionPlacement,
  type TableCondition,
  type TableRow,
} from '../table/table-row.js';
import { taskFamily } from '../task-families.js';
import type { Split } from '../types.js';
import type { Extension } from './extension.js';
import { HeldModels } from './held-models.js';
import { matchKeptShare } from './match-kept-share.js';
import type { LearnedContender, NanobenchEntry, NanobenchModel } from './nanobench-model.js';
import { planRows, type RowPlan } from './plan-rows.js';

/** What to measure. */
export interface NanobenchPlan {
  readonly store: ResultStore;
  readonly models: readonly NanobenchEntry[];
  /** Run lengths divided by the training length. */
  readonly factors: readonly number[];
  /** The extension of a model at a factor; one list entry per kind. */
  readonly extensions: readonly ((model: NanobenchModel, factor: number) => Extension)[];
  readonly placements: readonly QuestionPlacement[];
  readonly families: readonly string[];
  readonly evolvedFamilies: readonly string[];
  readonly split: Split;
  readonly seed: number;
  /** Per family: answers fed, and answers decoded. */
  readonly prompts: { readonly teacherForced: number; readonly generated: number };
  readonly equal: RowPlan['equal'];
  readonly shares: readonly number[];
  /** Number of learned policies at whose memory the classic policies are measured. */
  readonly references: number;
  readonly filler: Filler;
  /** Whether to add a policy with random parameters that keeps as much as the first learned one. */
  readonly random: boolean;
  /** Tokens between decisions. */
  readonly updateInterval: number;
  readonly batch: number;
  readonly onProgress: (what: string, progress: Parameters<ProgressListener>[0]) => void;
  /** Stops measuring; the table then covers what has been measured. */
  readonly signal?: AbortSignal;
}

/** Result of {@link runNanobench}. */
export interface NanobenchTable {
  /** Per factor, extension, placement and kind of answers, the models. */
  readonly summaries: ConditionSummary[][];
  /** False when the signal stopped it. */
  readonly isComplete: boolean;
}

/**
 * Measures what is missing, and computes the table. When the signal stops it, conditions without any measurement are
 * left out, and the others cover the prompts that all their rows have. The same plan resumes from there.
 *
 * @throws what {@link measureRows} throws, but not the signal's reason
 */
export async function runNanobench(plan: NanobenchPlan): Promise<NanobenchTable> {
  checkNames('runNanobench', plan, [
    ...(['store', 'models', 'factors', 'extensions', 'placements', 'families'] as const),
    ...(['evolvedFamilies', 'split', 'seed', 'prompts', 'equal', 'shares', 'references'] as const),
    ...(['filler', 'random', 'updateInterval', 'batch', 'onProgress', 'signal'] as const),
  ]);
  const held = new HeldModels();
  try {
    return await runPlaces(plan, held);
  } finally {
    await held.release();
  }
}

async function runPlaces(plan: NanobenchPlan, held: HeldModels): Promise<NanobenchTable> {
  const { filler, signal } = plan;
  const families = plan.families.map(taskFamily);
  const matched = new Map<string, Contender[]>();
  const summaries: ConditionSummary[][] = [];
  const places = placesOf(plan);
  for (const { factor, extension } of places) {
    if (factor === 1) continue;
    for (const { model } of plan.models) extension(model, factor); // throws before anything is measured
  }
  for (const place of places) {
    const { factor, extension, placement, answers } = place;
    const acrossModels: ConditionSummary[] = [];
    for (const { model, learned, others } of plan.models) {
      const setting = {
        model: model.name,
        version: model.version,
        factor,
        ...(factor === 1
          ? ({ kind: 'ntk', alpha: 1, logitFactor: 1 } as const)
          : extension(model, factor)),
      };
      const condition: TableCondition = {
        setting,
        length: model.trainedLength * factor,
        split: plan.split,
        seed: plan.seed,
        placement,
        updateInterval: plan.updateInterval,
        answers,
      };
      const measure: Omit<MeasureOptions, 'contenders' | 'prompts'> = {
        store: plan.store,
        families,
        filler,
        tokenizer: model.tokenizer,
        batch: plan.batch,
        loadModel: held.loader(`${model.name} ${model.version}`, model.loadModel),
        signal,
      };
      // Matched on answers that are fed, whatever the condition's are.
      const matchedOn = conditionKey({ ...condition, answers: 'teacherForced' });
      const random = plan.random
        ? (matched.get(matchedOn) ??
          (await unlessStopped(signal, [], () =>
            randomContenders(learned, condition, measure, plan.seed),
          )))
        : [];
      matched.set(matchedOn, random);
      const free = [fullContender, oracleContender, ...learned, ...others, ...random];
      const classic = classicContenders(plan.seed);
      const { equal, shares } = plan;
      const references = (learned.length > 0 ? learned : others).slice(0, plan.references);
      const rows: TableRow[] = planRows(condition, { free, classic, references, equal, shares });
      const prompts = plan.prompts[answers];
      const what = `${setting.model} ×${factor}${answers === 'generated' ? ', decoding' : ''}`;
      await unlessStopped(signal, undefined, () =>
        measureRows(rows, {
          ...measure,
          contenders: [...free, ...classic],
          prompts,
          onProgress: (progress) => plan.onProgress(what, progress),
        }),
      );
      const { store, evolvedFamilies, seed } = plan;
      acrossModels.push(...summariseConditions(store, rows, { evolvedFamilies, seed }));
    }
    summaries.push(acrossModels);
  }
  return { summaries, isComplete: !signal?.aborted };
}

/** What `work` gives, or `instead` when the signal has stopped it or stops it meanwhile. */
async function unlessStopped<Result>(
  signal: AbortSignal | undefined,
  instead: Result,
  work: () => Promise<Result>,
): Promise<Result> {
  if (signal?.aborted) return instead;
  try {
    return await work();
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return instead;
    throw error;
  }
}

function placesOf({ factors, extensions, placements, prompts }: NanobenchPlan) {
  const answers = (['teacherForced', 'generated'] as const).filter((kind) => prompts[kind] > 0);
  return answers.flatMap((kind) =>
    placements.flatMap((placement) =>
      factors.flatMap((factor) =>
        (factor === 1 ? extensions.slice(0, 1) : extensions).map((extension) => ({
          ...{ factor, extension, placement },
          answers: kind,
        })),
      ),
    ),
  );
}

/** The random twin of the first learned policy, if there is one. */
async function randomContenders(
  [first]: readonly LearnedContender[],
  condition: TableCondition,
  measure: Omit<MeasureOptions, 'contenders' | 'prompts'>,
  seed: number,
): Promise<Contender[]> {
  if (first === undefined) return [];
  const { store: _, ...options } = measure;
  return [await matchKeptShare(first, (offset) => first.random(seed, offset), condition, options)];
}
