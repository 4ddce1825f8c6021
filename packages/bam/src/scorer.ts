import { InvalidArgumentError, NammError } from '@namm/core/portable';
import type { ScorerSettings } from './scorer-settings.js';

/** A score is not finite: features hold NaN or infinity, or parameters are huge. */
export class NonFiniteScoreError extends NammError {
  constructor(head: number, token: number, score: number) {
    const where = `token ${token} of head ${head} of the batch`;
    const advice = 'do its features hold NaN or infinity, or are the parameters huge?';
    super('NON_FINITE_SCORE', `The score of ${where} is ${score}; ${advice}`, {
      details: { head, token },
    });
  }
}

/** Scores every cached token; a token with a score of at least 0 is worth keeping. */
export interface Scorer {
  readonly settings: ScorerSettings;
  /**
   * Scores the tokens of several heads, each by itself.
   *
   * @param features `[Σ lengths, features]`: the tokens of the first head, oldest first, then those of the next head
   * @param lengths tokens per head; 0 is allowed
   * @returns `[Σ lengths]`
   * @throws {InvalidArgumentError} when sizes do not fit
   * @throws {NonFiniteScoreError} when a score is not a finite number
   */
  score(features: Float32Array, lengths: readonly number[]): Float32Array;
}

/** @throws {InvalidArgumentError} unless the features are those of heads of these lengths */
export function checkBatch(features: Float32Array, lengths: readonly number[], size: number): void {
  const wrong = lengths.findIndex((length) => !Number.isSafeInteger(length) || length < 0);
  if (wrong >= 0) {
    throw new InvalidArgumentError('lengths', `head ${wrong} has ${lengths[wrong]} tokens`);
  }
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  if (features.length === tokens * size) return;
  const needed = `${tokens} tokens of ${size} features`;
  throw new InvalidArgumentError('features', `${features.length} numbers are not ${needed}`);
}

/** @throws {NonFiniteScoreError} naming the first score that is not a finite number */
export function checkScores(scores: Float32Array, lengths: readonly number[]): void {
  let start = 0;
  for (const [head, length] of lengths.entries()) {
    for (let token = 0; token < length; token++) {
      const score = scores[start + token]!;
      if (!Number.isFinite(score)) throw new NonFiniteScoreError(head, token, score);
    }
    start += length;
  }
}
