import type { RetentionTexts } from '@namm/kv-cache';
import type { Tokenizer } from './tokenizer.js';

/**
 * The texts for a retention record of a prompt and its answer.
 *
 * @param tokenizer what decodes the ids
 * @param ids of the tokens that were read, the prompt's first
 * @param promptTokens how many of them the prompt has; fewer than all `ids` when it was read whole
 * @returns ids, their pieces of text, and the parts `prompt` and `answer`, of which an empty one is left out
 *
 * @example
 * ```ts
 * const record = recorder.record({ ...retentionTexts(tokenizer, ids, 120), notes: { budget: '25%' } });
 * ```
 */
export function retentionTexts(
  tokenizer: Pick<Tokenizer, 'stream'>,
  ids: readonly number[],
  promptTokens: number,
): Required<Pick<RetentionTexts, 'ids' | 'pieces' | 'parts'>> {
  // Where a tokenizer tidies up spaces, a piece can come with a later token than its own.
  const stream = tokenizer.stream();
  const pieces = ids.map((id) => stream.push(id));
  if (pieces.length > 0) pieces[pieces.length - 1] += stream.end();
  const prompt = Math.min(promptTokens, ids.length);
  const parts = [
    { name: 'prompt', tokens: prompt },
    { name: 'answer', tokens: ids.length - prompt },
  ].filter(({ tokens }) => tokens > 0);
  return { ids: Uint32Array.from(ids), pieces, parts };
}
