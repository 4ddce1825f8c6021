import type { Contender } from '../table/contender.js';
import type { TableBudget, TableCondition, TableRow } from '../table/table-row.js';

/** Who is compared, and how. */
export interface RowPlan {
  /** With a budget of their own: full cache, oracle, NAMMs, rivals. */
  readonly free: readonly Contender[];
  /** Which keep what they are told: the classic policies. */
  readonly classic: readonly Contender[];
  /** Whose bytes the classic ones get. */
  readonly references: readonly Contender[];
  /** In which of its measures. */
  readonly equal: readonly ('rows' | 'bytes' | 'heads')[];
  /** Shares of the tokens read, for every contender that can keep what it is told. */
  readonly shares: readonly number[];
}

/** The rows of one condition. */
export function planRows(condition: TableCondition, plan: RowPlan): TableRow[] {
  const { free, classic, references, equal, shares } = plan;
  const row = (contender: Contender, budget: TableBudget): TableRow => ({
    ...condition,
    contender: contender.name,
    contenderVersion: contender.version ?? '',
    budget,
  });
  const own = free.map((contender) => row(contender, { kind: 'own' }));
  const measured = references.flatMap((reference) => {
    const like = { like: reference.name, likeVersion: reference.version ?? '' };
    return equal.flatMap((kind) => classic.map((contender) => row(contender, { kind, ...like })));
  });
  const ranked = [...classic, ...free].filter((contender) => contender.ranked);
  const curve = shares.flatMap((share) =>
    ranked.map((contender) => row(contender, { kind: 'share', share })),
  );
  return [...own, ...measured, ...curve];
}
