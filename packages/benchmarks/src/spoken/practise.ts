import { checkNames } from '@namm/core';
import { documentFiller } from '../filler.js';
import { generateSample } from '../generate-sample.js';
import { prepareQuestions, type SampleTokenizer } from '../prepare-sample.js';
import { practiceFamily, practiceKinds } from './practice-family.js';
import { type ChatRenderer, frameOf } from './prompt-frame.js';

/** A passage of text, to be read. */
export interface PlainPassage {
  /** Token ids. */
  readonly ids: Int32Array;
  readonly isHeldOut: boolean;
}

/** The same with facts in it. */
export interface PracticePassage extends PlainPassage {
  /** Token ids of questions about it, each with its answer, one after the other. */
  readonly asked: Int32Array;
}

/** Options of {@link practise}. */
export interface PractiseOptions {
  readonly tokenizer: SampleTokenizer &
    ChatRenderer & {
      readonly chatTemplates: readonly unknown[];
      decode(ids: Iterable<number>): string;
    };
  /** Of the facts and their places. */
  readonly seed: number;
}

/** Tokens of a passage for each fact with its question: a passage of fewer has none. */
const tokensPerFact = 110;

/**
 * Hides facts of many kinds in passages of text and asks about each of them, in the model's own chat template, to teach
 * a scorer what questions ask about. The facts come from `practiceFamily`, in English.
 *
 * @returns passages that are no longer, including questions; one too short for any fact is unchanged, without questions
 */
export function practise<P extends PlainPassage>(
  passages: readonly P[],
  options: PractiseOptions,
): (PracticePassage | P)[] {
  const { tokenizer, seed } = checkNames('practise', options, ['tokenizer', 'seed']);
  const frame = frameOf(tokenizer);
  const family = practiceFamily(frame);
  const countTokens = (text: string) => tokenizer.encode(text, { addSpecialTokens: false }).length;
  return passages.map((passage, index) => {
    const { ids, isHeldOut } = passage;
    const facts = Math.min(practiceKinds, Math.floor(ids.length / tokensPerFact));
    if (facts === 0) return passage;
    const document = { name: 'text', kind: 'prose', split: 'train' } as const;
    const sample = generateSample({
      ...{ family, length: ids.length, split: 'train', seed, index, countTokens },
      filler: documentFiller([{ ...document, text: tokenizer.decode(ids) }]),
      ...{ opening: frame.opening, distractorRate: 0 },
      size: { facts, questions: facts, stale: 0 },
    });
    const questions = prepareQuestions(sample, tokenizer);
    return {
      ids: questions[0]!.context,
      asked: Int32Array.from(questions.flatMap(({ tail }) => [...tail])),
      isHeldOut,
    };
  });
}
