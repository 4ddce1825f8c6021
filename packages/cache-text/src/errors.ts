import { NammError } from '@namm/core';

/** A prompt neither continues what a cache has read nor is clearly a new one. */
export class PromptMismatchError extends NammError {
  /**
   * @param length tokens of the prompt
   * @param seen tokens that the cache has read
   * @param common length of their common prefix in tokens
   */
  constructor(length: number, seen: number, common: number) {
    const problem = `The prompt of ${length} tokens does not continue what the cache has read: of its ${seen} tokens only the first ${common} are the same.`;
    const advice = `If all of the prompt comes behind that, make attention_mask ${seen + length} ones; if it is another conversation, use a new cache.`;
    super('PROMPT_MISMATCH', `${problem} ${advice}`, { details: { length, seen, common } });
  }
}
