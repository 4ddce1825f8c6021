import type { BenchmarkSample } from './types.js';

/** A question of a prompt. */
export interface PromptQuestion {
  /** Text to feed before the answer; follows directly on what was fed before. */
  readonly text: string;
  /** The expected answer. */
  readonly answer: string;
  /** Text that follows the answer; feed it before the next question. */
  readonly stop: string;
}

/** A sample as an evaluator feeds it: BOS, the context, then question by question. */
export interface Prompt {
  readonly context: string;
  readonly questions: readonly PromptQuestion[];
}

/** Splits a sample into its context and its questions. */
export function toPrompt(sample: BenchmarkSample): Prompt {
  const first = sample.segments.findIndex(({ kind }) => kind === 'answer') - 1;
  const tail = sample.segments.slice(first);
  const questions: PromptQuestion[] = [];
  for (let i = 0; i + 2 < tail.length; i += 3) {
    questions.push({ text: tail[i]!.text, answer: tail[i + 1]!.text, stop: tail[i + 2]!.text });
  }
  return {
    context: sample.segments
      .slice(0, first)
      .map(({ text }) => text)
      .join(''),
    questions,
  };
}
