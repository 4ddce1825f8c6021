import { checkInteger, checkNames, type ProgressListener } from '@namm/core';
import { full } from '@namm/kv-cache';
import type { ComparedPolicy } from '../compare/compare-policies.js';
import type { LineStore } from '../compare/line-store.js';
import type { Filler } from '../filler.js';
import { generateSample } from '../generate-sample.js';
import { prepareQuestions, type SampleTokenizer } from '../prepare-sample.js';
import type { AnsweringModel } from '../score-samples.js';
import type { PromptFrame } from './prompt-frame.js';
import { PromptReader, resultKey } from './prompt-reader.js';
import { spokenFamilies, spokenFamilyNames } from './spoken-families.js';
import type { SpokenResult } from './spoken-result.js';

/** Options of {@link answerSpoken}. */
export interface AnswerSpokenOptions {
  readonly model: AnsweringModel;
  readonly tokenizer: SampleTokenizer;
  readonly frame: PromptFrame;
  readonly policies: readonly ComparedPolicy[];
  /** Prose of the split `test`. */
  readonly filler: Filler;
  /** Tokens of a prompt. */
  readonly length: number;
  /** Prompts of each family; each asks three questions. */
  readonly prompts: number;
  /**
   * Names of families, of {@link spokenFamilyNames}.
   * @defaultValue all
   */
  readonly families?: readonly string[];
  readonly seed: number;
  readonly store: LineStore<SpokenResult>;
  /** Stage `prompts`. */
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** A policy with its answers. */
export interface SpokenAnswers extends Pick<ComparedPolicy, 'name' | 'budget'> {
  readonly prompts: readonly SpokenResult[];
}

/**
 * Asks a model questions in whole sentences about prose that it has read under each policy, before the questions were
 * known. Each question goes to a fork of the cache, so no question sees another. All policies take turns prompt by
 * prompt, so a stopped run has the same prompts for all, and resumes from there.
 *
 * @returns first the full cache, then the policies in their order; prompts in the same order everywhere
 * @throws {InvalidArgumentError} for an unknown family
 * @throws the signal's reason when it is aborted; what was done so far is in the store
 */
export async function answerSpoken(options: AnswerSpokenOptions): Promise<SpokenAnswers[]> {
  checkNames('answerSpoken', options, [
    ...(['model', 'tokenizer', 'frame', 'policies', 'filler', 'length', 'prompts'] as const),
    ...(['families', 'seed', 'store', 'onProgress', 'signal'] as const),
  ]);
  const { model, tokenizer, frame, filler, length, prompts, seed, store, signal } = options;
  checkInteger('prompts', prompts, 1);
  const { families: wanted = spokenFamilyNames } = options;
  checkNames('families', Object.fromEntries(wanted.map((name) => [name, true])), spokenFamilyNames);
  const all: readonly ComparedPolicy[] = [
    { name: 'full', budget: '100%', policy: full() },
    ...options.policies,
  ];
  const results = all.map((): SpokenResult[] => []);
  const families = spokenFamilies(frame).filter(({ name }) => wanted.includes(name));
  const countTokens = (text: string) => tokenizer.encode(text, { addSpecialTokens: false }).length;
  const empty = await model.createCache();
  const weights = empty.shape.model;
  await empty.release();
  let done = 0;
  for (let index = 0; index < prompts; index++) {
    for (const family of families) {
      const { opening } = frame;
      const common = { split: 'test', seed, index, filler, countTokens, opening } as const;
      const sample = generateSample({ family, length, ...common });
      const questions = prepareQuestions(sample, tokenizer);
      const reader = new PromptReader(model, questions, signal);
      try {
        for (const [i, each] of all.entries()) {
          const key = resultKey(weights, each, questions);
          const result = await store.get(key, () => reader.ask(each));
          results[i]!.push(result);
        }
      } finally {
        await reader.release();
      }
      done++;
      options.onProgress?.({ stage: 'prompts', done, total: prompts * families.length });
    }
  }
  return all.map(({ name, budget }, i) => ({ name, budget, prompts: results[i]! }));
}
