/** What is known of a sequence and a prompt for it. */
export interface Comparison {
  /** Tokens of the prompt. */
  readonly length: number;
  /** Tokens that the sequence has read. */
  readonly seen: number;
  /** Tokens that the two have in common at their beginnings. */
  readonly common: number;
  /** Whether a mask covers just the prompt, as tokenizers make one for a whole conversation. */
  readonly isMasked: boolean;
  /** Whether the prompt begins with the token that was written last and not read yet. */
  readonly beginsWithPending: boolean;
}

/** First token of a prompt that is new to a sequence; `restart` when the sequence has to begin anew. */
export type FirstUnread = number | 'restart';

/** Beginnings that are shorter may be alike by chance: a BOS token, a header of a template. */
const tellingLength = 8;

/**
 * Which tokens of a prompt a sequence has not read yet. A prompt is the whole conversation so far (as chat
 * templates render it), or only its new end; transformers.js tells the two apart by their length, which puts an
 * edited conversation behind the old one. Here the tokens decide, and where they do not the mask does:
 *
 * | the prompt                                                          | then                      |
 * | ------------------------------------------------------------------- | ------------------------- |
 * | begins with all that was read, and goes on                          | the rest is new           |
 * | is what was read, or a beginning of it                              | it is read anew           |
 * | has its first 8 tokens or more in common with what was read         | it is read anew           |
 * | begins with the token that was written last and not read yet        | all of it is new          |
 * | begins with another token than what was read, and comes without mask | all of it is new          |
 * | anything else                                                       | it cannot be told         |
 *
 * @returns null when it cannot be told
 */
export function firstUnread({
  length,
  seen,
  common,
  isMasked,
  beginsWithPending,
}: Comparison): FirstUnread | null {
  if (common === length) return 'restart';
  if (common === seen) return seen;
  if (common >= tellingLength) return 'restart';
  return common === 0 && (beginsWithPending || !isMasked) ? 0 : null;
}
