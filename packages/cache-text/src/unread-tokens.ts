/** What a sequence has read. */
export interface ReadSoFar {
  /** Tokens read. */
  readonly seen: number;
  /** Tokens of the first prompt. */
  readonly firstPrompt: number;
  /** Tokens that the sequence and the new prompt have in common at their beginnings. */
  readonly common: number;
}

/** First token of a prompt that is new to a sequence; `restart` when the sequence has to begin anew. */
export type FirstUnread = number | 'restart';

/** A first prompt that is shorter than this may begin anything. */
const tellingLength = 8;

/**
 * Which tokens of a prompt a sequence has not read yet. A prompt is the whole conversation so far (as chat
 * templates render it), or only its new end; transformers.js tells the two apart by their length, which goes
 * wrong when the text of an answer is tokenised in another way than the model wrote it. Here the tokens decide:
 *
 * | the prompt                                                   | then                              |
 * | ------------------------------------------------------------ | --------------------------------- |
 * | begins with all that was read, and goes on                   | the rest is new                   |
 * | is what was read, or a beginning of it                       | the sequence is read anew         |
 * | begins with the first prompt, and departs from what was read | the sequence is read anew         |
 * | does not begin with the first prompt, and is no longer than what was read | all of it is new     |
 * | anything else                                                | it cannot be told                 |
 *
 * @param length tokens of the prompt
 * @returns null when it cannot be told
 */
export function firstUnread(
  length: number,
  { seen, firstPrompt, common }: ReadSoFar,
): FirstUnread | null {
  if (common === length) return 'restart';
  if (common === seen) return seen;
  if (common >= firstPrompt && firstPrompt >= tellingLength) return 'restart';
  return common < firstPrompt && length <= seen ? 0 : null;
}
