import type { Split } from '../types.js';

/** A model with its context extension. */
export interface ModelSetting {
  /** Its name in the table. */
  readonly model: string;
  /** Digest of configuration and weights. */
  readonly version: string;
  /** Run length over training length. */
  readonly factor: number;
  /** Of the decoder's `ropeScaling`; without meaning at factor 1. */
  readonly kind: 'ntk' | 'yarn';
  /** Of `ntk`. */
  readonly alpha: number;
  /** Factor on the attention logits. */
  readonly logitFactor: number;
}

/**
 * Where the questions are placed, and whether the last update before the answers has seen them.
 * - `last`: after the context;
 * - `first`: also announced before the context;
 * - `unseen`: announced at the end of the context, right after an update, so no decision has seen them;
 * - `seen`: the same tokens, but with the update right after the announcement.
 */
export type QuestionPlacement = 'last' | 'first' | 'unseen' | 'seen';

/**
 * How much a contender may keep. A contender measured against another one (`like`) gets, prompt by prompt, what the
 * other one had under its `own` budget.
 * - `own`: what it decides itself;
 * - `share`: rows when the questions are asked, over tokens read until then;
 * - `rows`: the same number of rows (so of bytes of keys, values and positions) when the questions are asked;
 * - `bytes`: the same number of bytes then, the policy's state included;
 * - `heads`: the same number of rows in every head of every layer after every update.
 */
export type TableBudget =
  | { readonly kind: 'own' }
  | { readonly kind: 'share'; readonly share: number }
  | {
      readonly kind: 'rows' | 'bytes' | 'heads';
      /** Name of the other contender. */
      readonly like: string;
      /** Of the other contender. */
      readonly likeVersion: string;
    };

/** One line of the table: everything that determines a measurement, except the number of prompts. */
export interface TableRow {
  readonly setting: ModelSetting;
  /** Tokens of a sample. */
  readonly length: number;
  readonly split: Split;
  readonly seed: number;
  readonly placement: QuestionPlacement;
  /** Tokens between two decisions, for all contenders. */
  readonly updateInterval: number;
  /** `teacherForced`: true answers are fed; `generated`: greedy decoding. */
  readonly answers: 'teacherForced' | 'generated';
  readonly contender: string;
  /** Of the contender. */
  readonly contenderVersion: string;
  readonly budget: TableBudget;
}

/** What a row shares with the rows it is compared with: everything except contender and budget. */
export type TableCondition = Omit<TableRow, 'contender' | 'contenderVersion' | 'budget'>;

/** The key of a condition in files; equal conditions have equal keys. */
export function conditionKey(condition: TableCondition): string {
  const { setting, length, split, seed, placement, updateInterval, answers } = condition;
  return [
    `${setting.model}@${setting.version}`,
    describeExtension(setting),
    `${length} tokens`,
    `${split} ${seed}`,
    placement,
    `every ${updateInterval}`,
    answers,
  ].join('|');
}

/** The key of a row in files. */
export function rowKey(row: TableRow): string {
  const { contender, contenderVersion, budget } = row;
  const own = `${contender}${contenderVersion && `@${contenderVersion}`}`;
  const like = 'like' in budget && budget.likeVersion ? `@${budget.likeVersion}` : '';
  return `${conditionKey(row)}|${own}|${describeBudget(budget)}${like}`;
}

/** Such as `ntk ×4, alpha 2, logits ×1.5`. */
export function describeExtension(setting: ModelSetting): string {
  const { factor, kind, alpha, logitFactor } = setting;
  const logits = logitFactor === 1 ? '' : `, logits ×${logitFactor}`;
  if (factor === 1) return `as trained${logits}`;
  return `${kind} ×${factor}${kind === 'ntk' ? `, alpha ${alpha}` : ''}${logits}`;
}

/** Such as `25 %` or `bytes of namm`. */
export function describeBudget(budget: TableBudget): string {
  if (budget.kind === 'own') return 'own';
  if (budget.kind === 'share') return `${Number((100 * budget.share).toFixed(4))} %`;
  return `${budget.kind} of ${budget.like}`;
}
