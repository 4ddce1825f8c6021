import * as z from '@namm/core/schema';

/** How one contender answered one prompt. */
export interface TextScore {
  /** Mean over the questions of the share that is right. */
  readonly score: number;
  /** Mean over the questions of the mean log-probability of the answer's tokens. */
  readonly logProbability: number;
  /** Mean over the questions of the probability of the answer's tokens, their geometric mean. */
  readonly probability: number;
  /** Rows held over tokens seen, mean over heads: on average over the updates, and at the answers. */
  readonly keptShare: number;
  readonly keptAtAnswer: number;
  /** Keys and values at the answers, in bytes, and what the policy remembers beside them. */
  readonly bytesAtAnswer: number;
  readonly policyBytesAtAnswer: number;
}

const number = z.number();
const schema: z.ZodType<TextScore> = z.object({
  ...{ score: number, logProbability: number, probability: number },
  ...{ keptShare: number, keptAtAnswer: number },
  ...{ bytesAtAnswer: number, policyBytesAtAnswer: number },
});

/** Whether a value is a {@link TextScore}. */
export function isTextScore(value: unknown): value is TextScore {
  return schema.safeParse(value).success;
}
