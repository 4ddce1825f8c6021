import type { TaskResult } from '../evaluation/fitness.js';

/** How the mean of the distribution did on the validation prompts. */
export interface ValidationRecord {
  readonly fitness: number;
  readonly keptShare: number;
  readonly keptAtAnswer: number;
  readonly tasks: Readonly<Record<string, TaskResult>>;
  /** Whether it is the best one of its stage so far. */
  readonly isBest: boolean;
}

/** One line of `log.jsonl`. */
export interface GenerationRecord {
  /** Generations completed; 0 is the start, which is only validated. */
  readonly generation: number;
  readonly stage: number;
  /** σ after the generation. */
  readonly sigma: number;
  /** Per member, in the order of the candidates; null for one that failed. */
  readonly members: readonly {
    readonly fitness: number | null;
    readonly keptShare: number | null;
    readonly keptAtAnswer: number | null;
  }[];
  /** Means over the members that did not fail. */
  readonly tasks: Readonly<Record<string, TaskResult>>;
  /** Tokens read by all members and the full cache together. */
  readonly tokens: number;
  /** Seconds it took, where the trainer was given a clock. */
  readonly seconds: number | null;
  readonly validation: ValidationRecord | null;
}
