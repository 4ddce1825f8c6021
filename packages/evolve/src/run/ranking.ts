import type { Judgement } from '../problem.js';

/** What a judgement is ranked by. */
export type Rank = Pick<Judgement, 'fitness' | 'shortfall' | 'cost'>;

/**
 * Whether the first is better: it misses less of what is demanded, or nothing and has more fitness, or as much at
 * less cost. Of two that miss as much, neither is.
 */
export function isBetter(first: Rank, second: Rank): boolean {
  const [missing, missingThere] = [first.shortfall ?? 0, second.shortfall ?? 0];
  if (missing !== missingThere) return missing < missingThere;
  if (missing > 0) return false;
  if (first.fitness !== second.fitness) return first.fitness > second.fitness;
  return (first.cost ?? 0) < (second.cost ?? 0);
}

/**
 * One number per candidate that ranks them alike, for a strategy that knows fitness only: candidates that miss nothing
 * have their fitness, the others less than the worst of these (the feasibility rules of Deb 2000). NaN for failures.
 *
 * @param ranks null for a failure
 */
export function rankedFitness(ranks: readonly (Rank | null)[]): number[] {
  const enough = ranks.flatMap((rank) => (rank && !rank.shortfall ? [rank.fitness] : []));
  const floor = enough.length > 0 ? Math.min(...enough) : 0;
  return ranks.map((rank) => {
    if (rank === null) return Number.NaN;
    return rank.shortfall ? floor - rank.shortfall : rank.fitness;
  });
}
