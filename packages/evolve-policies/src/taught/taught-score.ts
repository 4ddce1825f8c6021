import * as z from '@namm/core/schema';

/** How one contender answered the questions of one prompt, mean over them. */
export interface TaughtScore {
  /** Share that is right. */
  readonly score: number;
  /** Log-probability of the answer's tokens, their mean. */
  readonly logProbability: number;
  /** Probability of the answer's tokens, their geometric mean. */
  readonly probability: number;
  /** Rows held over tokens read when the questions come, mean over heads. */
  readonly keptShare: number;
}

const number = z.number();
const schema: z.ZodType<TaughtScore> = z.object({
  ...{ score: number, logProbability: number, probability: number, keptShare: number },
});

/** Whether a value is a {@link TaughtScore}. */
export function isTaughtScore(value: unknown): value is TaughtScore {
  return schema.safeParse(value).success;
}
