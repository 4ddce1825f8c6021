import { exactMatch } from '@namm/benchmarks';
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

/** Reads a prompt once and asks each of its questions from a fork of the cache. */
export async function ask(
  decoder: Decoder,
  tokenizer: Tokenizer,
  policy: EvictionPolicy,
  prompt: PlantedPrompt,
): Promise<Asked> {
  const start = performance.now();
  const cache = decoder.createCache({ policy });
  const ids = tokenizer.encode(prompt.context);
  await decoder.step([{ cache, input: { ids }, outputs: 'none' }]);
  const memory = cache.memory();
  const answers: string[] = [];
  let right = 0;
  let tokens = cache.seen;
  for (const { text, answer, stop } of prompt.questions) {
    const fork = cache.fork();
    let written = '';
    const options = { maxNewTokens: longestAnswer, stop: [stop], addSpecialTokens: false };
    for await (const piece of completeText(decoder, tokenizer, fork, text, options)) {
      written += piece;
    }
    answers.push(written);
    right += exactMatch(written, answer);
    tokens += fork.seen - cache.seen;
  }
  return { answers, right, memory, tokens, seconds: (performance.now() - start) / 1000 };
}
