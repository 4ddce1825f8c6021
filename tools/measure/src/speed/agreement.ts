import { MeasurementError } from '../measuring/measurement-error.js';

/** What a runtime chose at each step, and from which logits. */
export interface Choices {
  readonly tokens: readonly number[];
  /** `[tokens, vocabulary]` */
  readonly logits: Float32Array;
}

/** How far two runtimes compute the same. */
export interface Agreement {
  /** Greedy tokens that are the same, from the first on. */
  readonly sameTokens: number;
  /** Difference of our logits of the two tokens where they part; 0 when they do not. */
  readonly margin: number;
  /** Largest difference of two logits, up to where the tokens part. */
  readonly largestDifference: number;
}

/**
 * The largest difference of logits that float32 sums in another order account for: a hundredth of the
 * logits' standard deviation (0.48 at 30 layers). At 8,192 tokens some differ by 1.1e-3.
 */
const logitTolerance = 5e-3;

/**
 * Compares what two runtimes compute from the same prompt, step by step. Where two tokens are all but
 * tied, their choices may part; what comes after that has another past and is not compared.
 *
 * @param tieTolerance the largest difference of the logits of two tokens that counts as a tie
 * @param where what is compared, for the message of an error
 * @throws {MeasurementError} when logits differ, or the tokens part without a tie
 */
export function checkAgreement(
  ours: Choices,
  peer: Choices,
  tieTolerance: number,
  where: string,
): Agreement {
  const fail = (problem: string): never => {
    throw new MeasurementError(
      `${where} do not compute the same: ${problem}; there are no figures.`,
    );
  };
  if (ours.tokens.length !== peer.tokens.length) fail('they give different numbers of tokens');
  if (ours.logits.length !== peer.logits.length) fail('their vocabularies differ');
  const vocabulary = ours.logits.length / ours.tokens.length;
  let largestDifference = 0;
  for (const [step, token] of ours.tokens.entries()) {
    const start = step * vocabulary;
    for (let i = start; i < start + vocabulary; i++) {
      const difference = Math.abs(ours.logits[i]! - peer.logits[i]!);
      largestDifference = Math.max(largestDifference, difference); // NaN stays NaN
    }
    if (!(largestDifference <= logitTolerance)) {
      fail(`logits of step ${step} differ by ${largestDifference}`);
    }
    const other = peer.tokens[step]!;
    if (token === other) continue;
    const margin = ours.logits[start + token]! - ours.logits[start + other]!;
    if (!(margin <= tieTolerance)) fail(`token ${step} is ${token} or ${other}`);
    return { sameTokens: step, margin, largestDifference };
  }
  return { sameTokens: ours.tokens.length, margin: 0, largestDifference };
}
