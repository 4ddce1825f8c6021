import type { Random } from '@namm/core';

/** Which part of the data a sample belongs to; seeds and filler files are kept apart by it. */
export type Split = 'train' | 'development' | 'test';

/** The two kinds of real text that samples are hidden in. */
export type FillerKind = 'prose' | 'code';

/**
 * The role of a piece of a sample.
 * - `filler`: real text;
 * - `distractor`: a planted sentence with entity words that answers nothing;
 * - `stale`: a planted fact that a later one overwrites;
 * - `fact`: a planted fact that holds;
 * - `question`: text the model is given in the last part, the stop after an answer included;
 * - `answer`: what the model has to write.
 */
export type SegmentKind = 'filler' | 'distractor' | 'stale' | 'fact' | 'question' | 'answer';

/** A piece of text of a sample. The text of a sample is the concatenation of its segments. */
export interface Segment {
  readonly kind: SegmentKind;
  readonly text: string;
  /** For facts, questions and answers: the indices of the questions this piece belongs to. */
  readonly questions?: readonly number[];
}

/** One prompt with its questions and answers. Begins with a BOS token that is not part of the text. */
export interface BenchmarkSample {
  /** `family/split/length/seed/index`, and `/first` when the questions are announced before the text. */
  readonly id: string;
  readonly family: string;
  readonly split: Split;
  readonly seed: number;
  readonly index: number;
  /** Tokens asked for. */
  readonly length: number;
  /** Tokens counted, BOS included; at most `length`. */
  readonly tokens: number;
  /** Name of the document the filler was taken from. */
  readonly filler: string;
  readonly segments: readonly Segment[];
}

/** How much is planted in a sample. */
export interface TaskSize {
  /** Facts that hold. */
  readonly facts: number;
  /** Questions asked at the end. */
  readonly questions: number;
  /** Facts that are overwritten later. */
  readonly stale: number;
}

/** A fact to plant, and the questions that need it. */
export interface PlannedFact {
  readonly kind: 'fact' | 'stale';
  readonly text: string;
  readonly questions: readonly number[];
}

/**
 * A question: its text, the expected answer and the text that ends the answer. A question without text continues the
 * previous answer: a further part of a long answer, scored separately.
 */
export interface PlannedQuestion {
  readonly text: string;
  readonly answer: string;
  readonly stop: string;
}

/** A family's contents for one sample, without their places in the filler. */
export interface TaskPlan {
  /** In the order in which they stand in the sample. */
  readonly facts: readonly PlannedFact[];
  readonly questions: readonly PlannedQuestion[];
  /** Makes a sentence with entity words of this plan that answers no question. */
  distractor(random: Random): string;
}

/** A kind of task. */
export interface TaskFamily {
  readonly name: string;
  readonly filler: FillerKind;
  /** The size used at a length in tokens when none is asked for. */
  size(length: number): TaskSize;
  /** Draws the facts and questions of one sample. */
  plan(random: Random, size: TaskSize): TaskPlan;
}

/** Counts the tokens of a text, without BOS. */
export type CountTokens = (text: string) => number;
