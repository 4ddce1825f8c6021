import type { Quirk } from './quirks.js';

/** What a metric may want to know beside the two texts. */
export interface MetricContext {
  /** The official scorer's oddities that count. */
  readonly quirks: ReadonlySet<Quirk>;
  /** All classes of a classification task. */
  readonly classes?: readonly string[];
  /** How texts without blanks are cut into words. */
  readonly words: (text: string) => readonly string[];
}

/** Scores one answer of a model against one right answer, between 0 and 1. */
export type Metric = (prediction: string, answer: string, context: MetricContext) => number;
