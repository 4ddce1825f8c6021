import { InvalidArgumentError } from '@namm/core';

/** The result of one question. */
export interface QuestionScore {
  readonly family: string;
  /** 1 when right, 0 when wrong. */
  readonly score: number;
}

/** 1 if an answer equals the expected one, ignoring white space at the ends; otherwise 0. */
export function exactMatch(answer: string, wanted: string): 0 | 1 {
  return answer.trim() === wanted.trim() ? 1 : 0;
}

/**
 * The mean score of each family, in order of first appearance.
 *
 * @throws {InvalidArgumentError} when there are no scores
 */
export function meanByFamily(scores: readonly QuestionScore[]): Map<string, number> {
  if (scores.length === 0) throw new InvalidArgumentError('scores', 'there are none');
  const sums = new Map<string, { sum: number; count: number }>();
  for (const { family, score } of scores) {
    const entry = sums.get(family) ?? { sum: 0, count: 0 };
    sums.set(family, { sum: entry.sum + score, count: entry.count + 1 });
  }
  return new Map([...sums].map(([family, { sum, count }]) => [family, sum / count]));
}

/** The mean over families of their mean scores, so that a family with many questions weighs no more. */
export function macroMean(scores: readonly QuestionScore[]): number {
  const means = [...meanByFamily(scores).values()];
  return means.reduce((sum, mean) => sum + mean, 0) / means.length;
}
