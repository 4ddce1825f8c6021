import { NammError, type NammErrorOptions } from '@namm/core';

/** A tokenizer's files are missing or damaged, or its chat template refuses a conversation. */
export class TokenizerError extends NammError {
  /**
   * @param file the file with the problem
   * @param problem what is wrong, and what to do
   */
  constructor(file: string, problem: string, options: NammErrorOptions = {}) {
    super('TOKENIZER', `${file}: ${problem}`, {
      ...options,
      details: { file, ...options.details },
    });
  }
}
