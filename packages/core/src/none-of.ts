import { shown } from './shown.js';
import { suggestName } from './suggest-name.js';

/**
 * What to say of a name that there is none of: which there are, and which one was probably meant.
 *
 * @param name as it was given
 * @param known the names there are
 * @param more forms that are no plain names, which nobody can misspell
 *
 * @example
 * ```ts
 * noneOf('h20', ['full', 'h2o']); // "'h20' is none of full, h2o; did you mean 'h2o'?"
 * ```
 */
export function noneOf(
  name: string,
  known: readonly string[],
  more: readonly string[] = [],
): string {
  const meant = typeof name === 'string' ? suggestName(name, known) : null;
  const question = meant === null ? '' : `; did you mean '${meant}'?`;
  return `${shown(name)} is none of ${[...known, ...more].join(', ')}${question}`;
}
