import { type PromptQuestion, toPrompt } from './to-prompt.js';
import type { BenchmarkSample } from './types.js';

/** The part of a tokenizer that samples need; a tokenizer of `@namm/decoder` fits. */
export interface SampleTokenizer {
  /** @param options.addSpecialTokens whether BOS goes before the text. @defaultValue true */
  encode(text: string, options?: { readonly addSpecialTokens?: boolean }): ArrayLike<number>;
}

/** A range of answer tokens in the tail: `from` included, `to` excluded. */
export interface TokenRange {
  readonly from: number;
  readonly to: number;
}

/** A question whose parts are each right or wrong. */
export interface PreparedQuestion {
  readonly parts: readonly TokenRange[];
}

/** A sample as token ids. Plain data: it can go to a worker thread. */
export interface PreparedSample {
  readonly id: string;
  readonly family: string;
  /** BOS and the context, `[tokens]`. */
  readonly context: Int32Array;
  /** The questions with their true answers, `[tokens]`. */
  readonly tail: Int32Array;
  readonly questions: readonly PreparedQuestion[];
}

/**
 * Encodes a sample, once for any number of policies.
 *
 * @example
 * ```ts
 * const tokenizer = await loadTokenizer(folder);
 * const prepared = prepareSample(generateSample(options), tokenizer);
 * ```
 */
export function prepareSample(sample: BenchmarkSample, tokenizer: SampleTokenizer): PreparedSample {
  const { context, questions } = toPrompt(sample);
  return prepared(sample, Int32Array.from(tokenizer.encode(context)), questions, tokenizer);
}

/**
 * The same, but with each question alone: one prepared sample per question, all with the same context.
 */
export function prepareQuestions(
  sample: BenchmarkSample,
  tokenizer: SampleTokenizer,
): PreparedSample[] {
  const { context, questions } = toPrompt(sample);
  const ids = Int32Array.from(tokenizer.encode(context));
  return questions.map((question) => prepared(sample, ids, [question], tokenizer));
}

function prepared(
  { id, family }: BenchmarkSample,
  context: Int32Array,
  questions: readonly PromptQuestion[],
  tokenizer: SampleTokenizer,
): PreparedSample {
  const tail: number[] = [];
  const append = (text: string): TokenRange => {
    const from = tail.length;
    tail.push(...Array.from(tokenizer.encode(text, { addSpecialTokens: false })));
    return { from, to: tail.length };
  };
  const placed = questions.map(({ text, answer, stop }) => {
    append(text);
    const parts = [append(answer)];
    append(stop);
    return { parts };
  });
  return { id, family, context, tail: Int32Array.from(tail), questions: placed };
}
