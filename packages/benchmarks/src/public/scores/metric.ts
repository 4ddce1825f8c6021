import type { Quirk } from './quirks.js';

/** Inputs of a metric besides the two texts. */
export interface MetricContext {
  /** The official scorer's quirks to reproduce. */
  readonly quirks: ReadonlySet<Quirk>;
  /** All classes of a classification task. */
  readonly classes?: readonly string[];
  /** How texts without blanks are cut into words. */
  readonly words: (text: string) => readonly string[];
}

/** Scores one answer of a model against one right answer, between 0 and 1. */
export type Metric = (prediction: string, answer: string, context: MetricContext) => number;
