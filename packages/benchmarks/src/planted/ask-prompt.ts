import { checkNames } from '@namm/core';
import type {
  CacheMemory,
  EvictionPolicy,
  SequenceCache,
  SequenceModel,
  StepOptions,
} from '@namm/kv-cache';
import type { SampleTokenizer } from '../prepare-sample.js';
import { exactMatch } from '../scores.js';
import type { Prompt, PromptQuestion } from '../to-prompt.js';

/** Result of one prompt under one policy. */
export interface AskedPrompt {
  readonly answers: readonly string[];
  readonly right: number;
  /** The cache after the text was read, when the questions are asked. */
  readonly memory: CacheMemory;
  /** Tokens read and written. */
  readonly tokens: number;
  readonly seconds: number;
}

/** Appends a text to a cache and continues it, piece by piece, up to one of the texts `stop`. */
export type Complete<Cache> = (
  cache: Cache,
  text: string,
  stop: readonly string[],
) => AsyncIterable<string>;

/** What ends an answer beside its stop: the facts are clauses without any of these. */
const clauseEnds = ['.', ',', ';', ':', '?', '!', '--', '\n'];

/**
 * @returns the texts at which the answer to a question is complete
 *
 * @example
 * ```ts
 * answerEnds({ text: 'Q: Alice has pet', answer: ' falcon', stop: '.' }); // ['.', ',', ';', …]
 * ```
 */
export function answerEnds({ answer, stop }: PromptQuestion): string[] {
  return [stop, ...clauseEnds.filter((end) => end !== stop && !answer.includes(end))];
}

/**
 * Reads a prompt once and asks each of its questions from a fork of the cache. If interrupted, the answers so far are
 * lost and the caches are released.
 *
 * @param model the model, here or in a worker
 * @param prompt such as one of {@link plantedPrompts}
 * @param options the policy under which it is read, the tokenizer, and how a text is completed
 * @returns the answers and their cost
 * @throws whatever the model, the policy or `complete` throws
 *
 * @example
 * ```ts
 * const { right, memory } = await askPrompt(decoder, prompt, {
 *   ...{ policy, tokenizer },
 *   complete: (cache, text, stop) =>
 *     completeText(decoder, tokenizer, cache, text, { maxNewTokens: 40, stop, addSpecialTokens: false }),
 * });
 * ```
 */
export async function askPrompt<Cache extends SequenceCache<Cache>>(
  model: Pick<SequenceModel<Cache, EvictionPolicy>, 'createCache' | 'step'>,
  prompt: Prompt,
  options: {
    readonly policy: EvictionPolicy;
    readonly tokenizer: SampleTokenizer;
    readonly complete: Complete<Cache>;
  } & Pick<StepOptions, 'signal'>,
): Promise<AskedPrompt> {
  checkNames('askPrompt', options, ['policy', 'tokenizer', 'complete', 'signal']);
  const { policy, tokenizer, complete, signal } = options;
  const start = performance.now();
  const cache = await model.createCache({ policy });
  try {
    const ids = tokenizer.encode(prompt.context);
    await model.step([{ cache, input: { ids }, outputs: 'none' }], { ...(signal && { signal }) });
    const memory = await cache.memory();
    const answers: string[] = [];
    let right = 0;
    let tokens = cache.seen;
    for (const question of prompt.questions) {
      const fork = await cache.fork();
      try {
        let written = '';
        for await (const piece of complete(fork, question.text, answerEnds(question))) {
          written += piece;
        }
        answers.push(written);
        right += exactMatch(written, question.answer);
        tokens += fork.seen - cache.seen;
      } finally {
        await fork.release();
      }
    }
    return { answers, right, memory, tokens, seconds: (performance.now() - start) / 1000 };
  } finally {
    await cache.release();
  }
}
