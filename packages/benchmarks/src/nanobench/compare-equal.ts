import type { ScoreDifference } from '../table/compare-scores.js';
import { type ConditionSummary, differRows } from '../table/summarise-condition.js';
import { describeBudget } from '../table/table-row.js';

/** A contender beside another one that had the same budget, over the same prompts. */
export interface Comparison {
  readonly reference: string;
  readonly other: string;
  readonly budget: string;
  readonly promptsPerFamily: number;
  readonly all: ScoreDifference;
  readonly heldOut?: ScoreDifference;
}

/** Each contender that others were measured against, minus each of these. */
export function compareEqual(
  { rows }: ConditionSummary,
  evolvedFamilies: readonly string[],
): Comparison[] {
  return rows.flatMap((other) => {
    const { budget, contender } = other.row;
    if (!('like' in budget)) return [];
    const reference = rows.find(
      ({ row }) => row.contender === budget.like && row.budget.kind === 'own',
    );
    if (reference === undefined) return [];
    const isHeldOut = (family: string) => !evolvedFamilies.includes(family);
    const hasHeldOut = [...other.families.keys()].some(isHeldOut);
    return {
      reference: budget.like,
      other: contender,
      budget: describeBudget(budget),
      promptsPerFamily: other.prompts / other.families.size,
      all: differRows(reference, other),
      ...(hasHeldOut && { heldOut: differRows(reference, other, isHeldOut) }),
    };
  });
}
