import { exactMatch, type PromptQuestion } from '@namm/benchmarks';
import { completeText, type Decoder, type Tokenizer } from '@namm/decoder';
import type { CacheMemory, EvictionPolicy } from '@namm/kv-cache';
import type { PlantedPrompt } from './planted-prompts.js';

/** What became of one prompt under one policy. */
export interface Asked {
  readonly answers: readonly string[];
  readonly right: number;
  /** The cache after the text was read, when the questions are asked. */
  readonly memory: CacheMemory;
  /** Tokens read and written. */
  readonly tokens: number;
  readonly seconds: number;
}

/** No answer is longer, in tokens. */
export const longestAnswer = 40;

/** What ends an answer beside its stop: the facts are clauses without any of these. */
const clauseEnds = ['.', ',', ';', ':', '?', '!', '--', '\n'];

/** The texts at which an answer is complete. */
export function endsOf({ answer, stop }: PromptQuestion): string[] {
  return [stop, ...clauseEnds.filter((end) => end !== stop && !answer.includes(end))];
}

/**
 * Reads a prompt once and asks each of its questions from a fork of the cache. When it is interrupted, the answers so far
 * are lost.
 */
export async function ask(
  decoder: Decoder,
  tokenizer: Tokenizer,
  policy: EvictionPolicy,
  prompt: PlantedPrompt,
  signal: AbortSignal,
): Promise<Asked> {
  const start = performance.now();
  const cache = decoder.createCache({ policy });
  const ids = tokenizer.encode(prompt.context);
  await decoder.step([{ cache, input: { ids }, outputs: 'none' }], { signal });
  const memory = cache.memory();
  const answers: string[] = [];
  let right = 0;
  let tokens = cache.seen;
  for (const question of prompt.questions) {
    const fork = cache.fork();
    let written = '';
    const pieces = completeText(decoder, tokenizer, fork, question.text, {
      ...{ maxNewTokens: longestAnswer, stop: endsOf(question), addSpecialTokens: false, signal },
    });
    for await (const piece of pieces) written += piece;
    answers.push(written);
    right += exactMatch(written, question.answer);
    tokens += fork.seen - cache.seen;
    await fork.release();
  }
  await cache.release();
  return { answers, right, memory, tokens, seconds: (performance.now() - start) / 1000 };
}
