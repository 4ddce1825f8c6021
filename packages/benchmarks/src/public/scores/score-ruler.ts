import { isWhole } from './is-whole.js';
import { strip } from './python-text.js';
import { allQuirks, type Quirk } from './quirks.js';

/**
 * Scores an answer to a task of RULER, 0 to 1: the share of the references that it contains, or for `part` whether it
 * contains any.
 *
 * @param quirks `substring`
 * @example
 * ```ts
 * scoreRuler('all', 'The party', ['art']); // 1
 * scoreRuler('all', 'The party', ['art'], noQuirks); // 0
 * ```
 */
export function scoreRuler(
  kind: 'all' | 'part',
  prediction: string,
  references: readonly string[],
  quirks: ReadonlySet<Quirk> = allQuirks,
): number {
  if (references.length === 0) return 0;
  const text = strip(strip(prediction).replace(/\p{Cc}/gu, controlToNewline)).toLowerCase();
  const isThere = (reference: string) =>
    quirks.has('substring') ? text.includes(reference.toLowerCase()) : isWhole(text, reference);
  const found = references.filter(isThere).length;
  return kind === 'part' ? Number(found > 0) : found / references.length;
}

/** ASCII control characters become line breaks; those beyond U+007E stay. */
function controlToNewline(character: string): string {
  return character < ' ' ? '\n' : character;
}
