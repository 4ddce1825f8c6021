import { checkNames } from '@namm/core';
import { type TextTableOptions, textTable } from '@namm/report';
import { mean } from '@namm/statistics';
import type { ResultStore } from '../table/result-store.js';
import type { ConditionSummary } from '../table/summarise-condition.js';
import { describeBudget, type TableRow } from '../table/table-row.js';
import { titleOf } from './format-tables.js';

/** Scores of the same prompts, answered in two ways. */
export interface AnswerRanking {
  readonly title: string;
  /** Best decoded first. */
  readonly rows: readonly {
    readonly row: TableRow;
    readonly decoded: number;
    readonly forced: number;
  }[];
  /** Kendall's τ-b between the two orders; NaN when one of them is all ties. */
  readonly tau: number;
}

/** Puts decoded answers beside teacher-forced ones, over the prompts that have both. */
export function rankAnswers(
  { condition, rows }: ConditionSummary,
  store: ResultStore,
): AnswerRanking {
  const ranked = rows.flatMap(({ row }) => {
    const decoded = new Map<string, number[]>();
    const forced = new Map<string, number[]>();
    for (const result of store.results(row)) {
      const other = store.result({ ...row, answers: 'teacherForced' }, result.family, result.index);
      if (other === undefined) continue;
      add(decoded, result.family, mean(result.questions));
      add(forced, result.family, mean(other.questions));
    }
    if (decoded.size === 0) return [];
    return { row, decoded: macro(decoded), forced: macro(forced) };
  });
  ranked.sort((a, b) => b.decoded - a.decoded);
  const tau = kendall(
    ranked.map(({ decoded }) => decoded),
    ranked.map(({ forced }) => forced),
  );
  return { title: titleOf(condition), rows: ranked, tau };
}

/** The ranking as text. */
export function formatAnswers(
  { title, rows, tau }: AnswerRanking,
  options: TextTableOptions = {},
): string {
  checkNames('formatAnswers', options, ['style', 'width']);
  const table = textTable(
    ['policy', 'budget', 'EM, decoded', 'EM, teacher-forced'],
    rows.map(({ row, decoded, forced }) => [
      row.contender,
      describeBudget(row.budget),
      decoded.toFixed(3),
      forced.toFixed(3),
    ]),
    options,
  );
  const heading = `### ${title}: the same prompts, teacher-forced`;
  return `${heading}\n\nKendall's τ-b of the two orders: ${tau.toFixed(3)}.\n\n${table}`;
}

/** Kendall's τ-b, which ties do not count for: (agreeing − disagreeing) / √(pairs untied in a · in b). */
export function kendall(a: readonly number[], b: readonly number[]): number {
  let [score, untiedA, untiedB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < i; j++) {
      const [first, second] = [Math.sign(a[i]! - a[j]!), Math.sign(b[i]! - b[j]!)];
      score += first * second;
      untiedA += Math.abs(first);
      untiedB += Math.abs(second);
    }
  }
  return score / Math.sqrt(untiedA * untiedB);
}

function add(lists: Map<string, number[]>, key: string, value: number): void {
  lists.set(key, [...(lists.get(key) ?? []), value]);
}

function macro(families: ReadonlyMap<string, readonly number[]>): number {
  return mean([...families.values()].map(mean));
}
