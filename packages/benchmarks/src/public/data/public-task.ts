import type { Quirk } from '../scores/quirks.js';
import type { RowProblem } from './row-problem.js';

/** A question of a public benchmark, ready to be asked. */
export interface PublicItem {
  /** Unique within its task. */
  readonly id: string;
  /**
   * Identifies the text, if several items ask about the same one: these are not independent cases.
   * @defaultValue its own id
   */
  readonly text?: string;
  readonly prompt: string;
  /**
   * The end of the prompt, behind its context: a question or an instruction.
   * @defaultValue none: the whole prompt is context
   */
  readonly question?: string;
  /** The beginning of the answer; it follows the prompt, and the chat template if there is one. */
  readonly answerPrefix: string;
  /** How the benchmark divides its items, such as `{ length: '0-4k' }`. */
  readonly groups: Readonly<Record<string, string>>;
  /**
   * Scores an answer, 0 to 1.
   *
   * @param quirks with all of them: the official score; with none: the strict one
   */
  score(prediction: string, quirks: ReadonlySet<Quirk>): number;
}

/** A task of a public benchmark, and how to ask it. */
export interface PublicTask {
  readonly benchmark: string;
  readonly name: string;
  readonly family: string;
  readonly maxNewTokens: number;
  /** Whether a chat model gets its prompts in its chat template. */
  readonly usesChatTemplate: boolean;
  /** Only the first non-blank line of an answer counts, so that decoding may end there. */
  readonly firstLineOnly: boolean;
  readonly items: readonly PublicItem[];
  /** Rows that could not be used; the others are here. */
  readonly problems: readonly RowProblem[];
}
