/** Result of one prompt under one policy. */
export interface SpokenResult {
  readonly family: string;
  /** Per question, 1 if the answer was right. */
  readonly questions: readonly number[];
  /** Per question, the mean log-probability of its answer tokens. */
  readonly logProbabilities: readonly number[];
  /** Rows held over tokens read when the questions come, mean over heads. */
  readonly keptShare: number;
}
