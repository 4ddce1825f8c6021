import { NammError } from '@namm/core/portable';

/** Attention that cannot be: NaN, negative, rows that do not sum to one (with sinks, to more), or of the wrong size. */
export class InvalidAttentionError extends NammError {
  constructor(problem: string) {
    super('INVALID_ATTENTION', `Attention: ${problem}; nothing was taken in`);
  }
}
