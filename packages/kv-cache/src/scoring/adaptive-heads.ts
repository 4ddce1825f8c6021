import { checkChoice, checkNames, checkShare } from '@namm/core';
import type { HeadAllocation } from './head-allocation.js';
import { roundHalfEven } from './round-half-even.js';
import type { TopSlots } from './top-slots.js';

/** Options of {@link adaptiveHeads}. */
export interface AdaptiveHeadsOptions {
  /**
   * Share of an equal division that every head is guaranteed.
   * @defaultValue 0.2
   */
  readonly safeguard?: number;
  /**
   * `'kvpress'`: every head keeps its best floor(safeguard · C) rows, and the best of all other rows fill up the layer.
   * `'original'` (FFY0/AdaKV): the heads' numbers n_h among the best H · (C − w) rows of the layer, beside the w
   * protected ones, give round(n_h · (1 − safeguard) + safeguard · (C − w)) rows.
   * @defaultValue 'kvpress'
   */
  readonly rule?: 'kvpress' | 'original';
}

/**
 * Heads of a layer compete for its H × C slots by score, with a safeguard for each (Ada-KV, Feng et al.
 * 2024, https://arxiv.org/abs/2407.11550). See {@link adaKV}.
 *
 * @param options safeguard and rule
 * @returns an allocation for {@link scoredPolicy}
 * @throws {InvalidArgumentError} for a bad option
 * @example
 * ```ts
 * scoredPolicy({ scorer: keyDiffScorer(), budget: 256, heads: adaptiveHeads({ safeguard: 0.5 }) });
 * ```
 */
export function adaptiveHeads(options: AdaptiveHeadsOptions = {}): HeadAllocation {
  checkNames('adaptiveHeads', options, ['safeguard', 'rule']);
  const { safeguard = 0.2, rule = 'kvpress' } = options;
  checkShare('safeguard', safeguard);
  checkChoice('rule', rule, ['kvpress', 'original']);
  return {
    settings: { kind: 'adaptive', safeguard, rule },
    slots: ({ lengths, slots }) =>
      sum(lengths) > lengths.length * slots ? lengths.map(() => slots) : null,
    counts(scores, allSlots, allProtected, top) {
      // The same for every head.
      const [slots, protectedRows] = [allSlots[0]!, allProtected[0]!];
      const tails = scores.map(({ length }) => Math.min(protectedRows, length));
      const candidates = scores.map((head, h) => head.slice(0, head.length - tails[h]!));
      const free = scores.length * slots - sum(tails);
      if (rule === 'kvpress') {
        const safe = Math.max(0, Math.floor(safeguard * slots) - protectedRows);
        for (const head of candidates) raiseBest(head, safe, top);
        const won = countWinners(candidates, free, top);
        return won.map((count, h) => count + tails[h]!);
      }
      const base = slots - protectedRows;
      const won = countWinners(candidates, free, top);
      const shares = won.map((count) => count * (1 - safeguard) + safeguard * base);
      return roundWithin(shares, free).map(
        (count, h) => Math.min(count, candidates[h]!.length) + tails[h]!,
      );
    },
  };
}

/** Makes the best rows of a head unbeatable. */
function raiseBest(scores: Float64Array, count: number, top: TopSlots): void {
  for (const slot of top.select(scores, scores.length, Math.min(count, scores.length))) {
    scores[slot] = Infinity;
  }
}

/** How many of the best `count` scores of all heads each head has; ties go to the first head. */
function countWinners(heads: readonly Float64Array[], count: number, top: TopSlots): number[] {
  const all = new Float64Array(sum(heads.map(({ length }) => length)));
  const ends: number[] = [];
  let end = 0;
  for (const head of heads) {
    all.set(head, end);
    end += head.length;
    ends.push(end);
  }
  const won = heads.map(() => 0);
  let head = 0;
  for (const slot of top.select(all, end, Math.min(count, end))) {
    while (slot >= ends[head]!) head++;
    won[head]!++;
  }
  return won;
}

/** Rounds; when the sum exceeds the limit, those that rounding has raised most give a row back. */
function roundWithin(shares: readonly number[], limit: number): number[] {
  const rounded = shares.map(roundHalfEven);
  const byGain = shares.map((_, h) => h).sort((a, b) => gain(b) - gain(a) || b - a);
  for (let i = 0; sum(rounded) > limit && i < byGain.length; i++) rounded[byGain[i]!]!--;
  return rounded;

  function gain(h: number): number {
    return roundHalfEven(shares[h]!) - shares[h]!;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
