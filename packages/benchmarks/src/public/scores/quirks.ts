import { InvalidArgumentError, suggestName } from '@namm/core';

/**
 * Unexpected behaviour of the official scorers, by name. With a quirk, a score matches the published program; without
 * it, it is as one would expect. `allQuirks` gives the official score, `noQuirks` the strict one, and any other set
 * something in between.
 */
export const quirks = {
  // LongBench
  'rouge-unique-words':
    'ROUGE-L as python rouge 1.0.1: sets of unique words, a sentence ends at every full stop, case counts; without: F1 of the longest common subsequence of lower-cased words',
  'rouge-stack':
    'two sentences whose comparison overflows the stack of Python (about 990 words; Chinese text is one sentence) score 0',
  'ascii-text':
    'only ASCII (and for Chinese a list of) punctuation is removed, and full-width characters stay; without: Unicode is normalised and all punctuation goes',
  'numbers-as-text':
    'a number is right when it is written like the answer: 05, full-width 5 and 71,432 are not; only the first one counts where one is wanted',
  'newlines-only':
    'of few-shot answers the first line is taken after newlines alone are stripped, so that a leading blank loses it',
  'class-skip':
    'classes that are part of the right one are struck out while they are listed, which skips every second; any class that occurs counts',
  'code-line':
    'the line of code compared is the first without `, # and //, even an empty one; without: the first that is neither empty nor a fence',
  'code-autojunk':
    'characters that are frequent in a line of 200 and more are ignored, and similarity is rounded to whole per cent',
  // InfiniteBench and LongBench v2
  'few-separators':
    'words end only at the signs that the scorer lists, so that a value before ; or in brackets is wrong; names with blanks are never found, nor is a kv_retrieval label in a list',
  'last-word':
    'code_run takes the last word, which must be an integer as Python reads it, of 4300 digits at most; without: the last number',
  'first-letter':
    'choices: a leading letter A to D counts even when it begins a word, bare letters only where the scorer looks',
  'letters-of-label': 'a reference that is a text and no list is taken letter by letter',
  'number-raises':
    'math_find drops signs, and a decimal number where an integer is wanted, or one of more than 4300 digits, ends the whole scoring',
  'unsigned-prefix':
    'math_calc drops signs, numbers beyond the reference are free, and one of more than 4300 digits ends the whole scoring',
  'exact-phrase':
    'LongBench v2 wants the phrase of its prompt to the letter; without: a letter in parentheses, or alone',
  // RULER
  substring: 'a reference counts anywhere, inside of a word too; without: as whole words',
} as const;

/** Name of one of the {@link quirks}. */
export type Quirk = keyof typeof quirks;

/** The official scores. */
export const allQuirks: ReadonlySet<Quirk> = new Set(Object.keys(quirks) as Quirk[]);

/** The strict scores. */
export const noQuirks: ReadonlySet<Quirk> = new Set();

/**
 * A set of quirks from words: `official`, `strict`, or names with commas.
 *
 * @throws {InvalidArgumentError} for an unknown name
 * @example
 * ```ts
 * parseQuirks('rouge-unique-words,substring');
 * ```
 */
export function parseQuirks(text: string): ReadonlySet<Quirk> {
  if (text === 'official') return allQuirks;
  if (text === 'strict') return noQuirks;
  const known = Object.keys(quirks) as Quirk[];
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if ((known as string[]).includes(name)) continue;
    const meant = suggestName(name, [...known, 'official', 'strict']);
    const problem = `'${name}' is none of official, strict, ${known.join(', ')}`;
    throw new InvalidArgumentError(
      'quirks',
      meant ? `${problem}. Did you mean ${meant}?` : problem,
    );
  }
  return new Set(names as Quirk[]);
}
