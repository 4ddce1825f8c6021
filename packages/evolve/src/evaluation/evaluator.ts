import type { PreparedSample } from '@namm/benchmarks';
import type { Normaliser } from '@namm/features';

import type { NormaliserKind } from '../trainables/create-collector.js';

/** A piece of work: some members on some prompts. Plain data. */
export interface Slice {
  readonly normaliser: Normaliser;
  readonly prompts: readonly PreparedSample[];
  /** Parameters; null is the full cache. */
  readonly members: readonly (Float64Array | null)[];
}

/** How one member answered one prompt. */
export interface MemberScore {
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

/** An evaluation that did not come to an end, also when it was tried again. */
export interface FailedScore {
  readonly failed: string;
}

/** `[prompts][members]` */
export type SliceScores = readonly (readonly (MemberScore | FailedScore)[])[];

/**
 * Where evaluations happen. The same slice gives the same scores, bit for bit, in every evaluator of one machine
 * with one thread of ONNX Runtime.
 */
export interface Evaluator {
  /** Slices that are worked on at the same time. */
  readonly concurrency: number;
  /** Digest of the model's folder. */
  readonly model: string;
  /** Measures what features are normalised with, under the full cache. */
  measure(prompts: readonly PreparedSample[], kind: NormaliserKind): Promise<Normaliser>;
  /** Failures of single members are in the scores. */
  evaluate(slice: Slice): Promise<SliceScores>;
  close(): Promise<void>;
}
