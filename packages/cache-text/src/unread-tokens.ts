/** What is known of a sequence and a prompt for it. */
export interface Comparison {
  /** Tokens of the prompt. */
  readonly length: number;
  /** Tokens that the sequence has read. */
  readonly seen: number;
  /** Tokens that the two have in common at their beginnings. */
  readonly common: number;
  /** Tokens at the prompt's beginning that are the last ones of what was read. */
  readonly overlap: number;
  /** The longest run of tokens that the two have in the same places. */
  readonly run: number;
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
 * | the prompt                                                           | then                |
 * | -------------------------------------------------------------------- | ------------------- |
 * | begins with all that was read, and goes on                           | the rest is new     |
 * | is what was read, or a beginning of it                               | it is read anew     |
 * | has its first 8 tokens or more in common with what was read          | it is read anew     |
 * | begins with the last 8 tokens or more of what was read               | it is read anew     |
 * | begins with the token that was written last and not read yet         | all of it is new    |
 * | has a mask, and 8 tokens or more in the same places as what was read | it is read anew     |
 * | begins otherwise, without a mask, is no longer than what was read,   |                     |
 * | and has no 8 tokens in the same places                               | all of it is new    |
 * | anything else                                                        | it cannot be told   |
 *
 * @returns null when it cannot be told
 */
export function firstUnread(comparison: Comparison): FirstUnread | null {
  const { length, seen, common, overlap, run, isMasked, beginsWithPending } = comparison;
  if (common === length) return 'restart';
  if (common === seen) return seen;
  if (Math.max(common, overlap) >= tellingLength) return 'restart';
  if (common === 0 && beginsWithPending) return 0;
  if (isMasked) return run >= tellingLength ? 'restart' : null;
  return common === 0 && run < tellingLength && length <= seen ? 0 : null;
}
