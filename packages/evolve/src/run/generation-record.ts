import * as z from '@namm/core/schema';
import type { Measures } from '../problem.js';

/** How the mean of the distribution did on the validation units. */
export interface ValidationRecord {
  readonly fitness: number;
  /** How far it falls short of what every candidate must reach; 0 means it does not. */
  readonly shortfall: number;
  readonly measures: Measures;
  readonly tasks: Readonly<Record<string, Measures>>;
  /** Whether it is the best of its stage so far. */
  readonly isBest: boolean;
}

/** One line of `log.jsonl`. */
export interface GenerationRecord {
  /** Generations completed; 0 is the start, which is only validated. */
  readonly generation: number;
  readonly stage: number;
  /** σ after the generation. */
  readonly sigma: number;
  /** In the order of the candidates; null for one that failed. */
  readonly candidates: readonly ({
    readonly fitness: number;
    readonly shortfall: number;
    readonly measures: Measures;
  } | null)[];
  /** Per kind of unit, means over the candidates that did not fail. */
  readonly tasks: Readonly<Record<string, Measures>>;
  /** Work of all contenders together, in the problem's measure. */
  readonly size: number;
  /** Seconds it took, if the run has a clock. */
  readonly seconds: number | null;
  readonly validation: ValidationRecord | null;
}

const measures = z.record(z.string(), z.number());
const judged = { fitness: z.number(), shortfall: z.number(), measures };
const tasks = z.record(z.string(), measures);
const count = z.int().check(z.nonnegative());

/** What a line of the log has to be. */
export const generationRecordSchema: z.ZodType<GenerationRecord> = z.object({
  ...{ generation: count, stage: count, sigma: z.number() },
  candidates: z.array(z.nullable(z.object(judged))),
  ...{ tasks, size: z.number(), seconds: z.nullable(z.number()) },
  validation: z.nullable(z.object({ ...judged, tasks, isBest: z.boolean() })),
});
