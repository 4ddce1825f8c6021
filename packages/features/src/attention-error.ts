import { NammError } from '@namm/core/portable';

/**
 * Impossible attention: NaN, negative, of the wrong size, or with rows that do not sum to one (with sinks: that sum to
 * more).
 */
export class InvalidAttentionError extends NammError {
  constructor(problem: string) {
    super('INVALID_ATTENTION', `Attention: ${problem}; nothing was taken in`);
  }
}
