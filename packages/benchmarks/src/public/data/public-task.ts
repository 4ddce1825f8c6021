import type { Quirk } from '../scores/quirks.js';
import type { RowProblem } from './row-problem.js';

/** A question of a public benchmark, ready to be asked. */
export interface PublicItem {
  /** Unique within its task. */
  readonly id: string;
  /**
   * Names the text that it asks about, where several items share one: these are no independent cases.
   * @defaultValue its own id
   */
  readonly text?: string;
  readonly prompt: string;
  /** What the answer begins with: it goes behind the prompt, and behind a chat template where there is one. */
  readonly answerPrefix: string;
  /** How the benchmark divides its items, such as `{ length: '0-4k' }`. */
  readonly groups: Readonly<Record<string, string>>;
  /**
   * Scores an answer, 0 to 1.
   *
   * @param quirks all of them: the official score; none: the strict one
   */
  score(prediction: string, quirks: ReadonlySet<Quirk>): number;
}

/** A task of a public benchmark, with what is prescribed about asking it. */
export interface PublicTask {
  readonly benchmark: string;
  readonly name: string;
  readonly family: string;
  readonly maxNewTokens: number;
  /** Whether a chat model gets its prompts in its chat template. */
  readonly usesChatTemplate: boolean;
  /** Only the first line of an answer that is not blank counts, so that writing may end with it. */
  readonly firstLineOnly: boolean;
  readonly items: readonly PublicItem[];
  /** Rows that could not be used; the others are here. */
  readonly problems: readonly RowProblem[];
}
