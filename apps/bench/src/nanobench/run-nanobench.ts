import {
  type ConditionSummary,
  type Contender,
  classicContenders,
  type Filler,
  fullContender,
  measureRows,
  oracleContender,
  type QuestionPlacement,
  type ResultStore,
  type Split,
  summariseConditions,
  type TableCondition,
  type TableRow,
  taskFamily,
} from '@namm/benchmarks';
import type { ProgressListener } from '@namm/core';
import { Decoder } from '@namm/decoder';
import type { BenchmarkModel } from './benchmark-model.js';
import { decoderOptions, type Extension } from './extension.js';
import type { NammContender } from './namm-contenders.js';
import { planRows, type RowPlan } from './plan-rows.js';
import { randomNamm } from './random-namm.js';

/** A model, and the memory models that were evolved on it. */
export interface ModelEntry {
  readonly model: BenchmarkModel;
  readonly namms: readonly NammContender[];
  /** Others that decide themselves: rivals, variants of the NAMMs. */
  readonly others: readonly Contender[];
}

/** What is measured. */
export interface NanobenchPlan {
  readonly store: ResultStore;
  readonly models: readonly ModelEntry[];
  /** Run lengths over the training length. */
  readonly factors: readonly number[];
  /** The extension of a model at a factor; one list entry per kind. */
  readonly extensions: readonly ((model: BenchmarkModel, factor: number) => Extension)[];
  readonly placements: readonly QuestionPlacement[];
  readonly families: readonly string[];
  readonly evolvedFamilies: readonly string[];
  readonly split: Split;
  readonly seed: number;
  /** Per family; of those whose answers are decoded, too. */
  readonly prompts: { readonly forced: number; readonly free: number };
  readonly equal: RowPlan['equal'];
  readonly shares: readonly number[];
  /** How many of the NAMMs the classic policies are measured at the memory of. */
  readonly references: number;
  readonly filler: Filler;
  /** Whether a NAMM with random parameters joins. */
  readonly random: boolean;
  /** Tokens between decisions. */
  readonly updateInterval: number;
  readonly batch: number;
  readonly threads: number;
  readonly onProgress: (what: string, progress: Parameters<ProgressListener>[0]) => void;
}

/** Measures what is missing, and computes the table: per factor, extension, placement and kind of answers, the models. */
export async function runNanobench(plan: NanobenchPlan): Promise<ConditionSummary[][]> {
  const { filler } = plan;
  const families = plan.families.map(taskFamily);
  const summaries: ConditionSummary[][] = [];
  for (const place of placesOf(plan)) {
    const { factor, extension, placement, answers } = place;
    const acrossModels: ConditionSummary[] = [];
    for (const { model, namms, others } of plan.models) {
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
      const measure = {
        store: plan.store,
        families,
        filler,
        tokenizer: model.tokenizer,
        batch: plan.batch,
        loadModel: (_: unknown, options: { probe: Contender['probe']; chunkSize: number }) =>
          Decoder.load(model.folder, {
            ...decoderOptions(setting),
            ...options,
            threads: plan.threads,
          }),
      };
      const random =
        plan.random && namms[0] ? [await randomNamm(namms[0], condition, measure, plan.seed)] : [];
      const free = [fullContender, oracleContender, ...namms, ...others, ...random];
      const classic = classicContenders(plan.seed);
      const { equal, shares } = plan;
      const references = (namms.length > 0 ? namms : others).slice(0, plan.references);
      const rows: TableRow[] = planRows(condition, { free, classic, references, equal, shares });
      const prompts = answers === 'free' ? plan.prompts.free : plan.prompts.forced;
      const what = `${setting.model} ×${factor}${answers === 'free' ? ', decoding' : ''}`;
      await measureRows(rows, {
        ...measure,
        contenders: [...free, ...classic],
        prompts,
        onProgress: (progress) => plan.onProgress(what, progress),
      });
      acrossModels.push(...summariseConditions(plan.store, rows, plan));
    }
    summaries.push(acrossModels);
  }
  return summaries;
}

function placesOf({ factors, extensions, placements, prompts }: NanobenchPlan) {
  const answers = ['forced' as const, 'free' as const].filter((kind) => prompts[kind] > 0);
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
