import { splitWords } from './python-text.js';
import type { Quirk } from './quirks.js';

/** ASCII punctuation, `string.punctuation` of Python. */
const ascii = '!-\\/:-@\\[-`{-~';
/** Chinese punctuation that is removed: full-width forms without the full stop U+FF0E, and of brackets all but U+3008 to U+300A. */
const chinese =
  '\\uff01-\\uff0d\\uff0f\\uff1a-\\uff20\\uff3b-\\uff40\\uff5b-\\uff64\\u3001-\\u3003\\u300b-\\u3011\\u3014-\\u301f\\u3030\\u303e\\u303f\\u2013\\u2014\\u2018\\u2019\\u201b-\\u201f\\u2026\\u2027\\ufe4f';
const asciiSigns = new RegExp(`[${ascii}]`, 'gu');
const chineseSigns = new RegExp(`[${ascii}${chinese}]`, 'gu');
const allSigns = /[\p{P}\p{S}]/gu;
/** `\b` of Python: letters and digits of all scripts are parts of words. */
const articles = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;

/**
 * The words of an English answer: lower case, without punctuation and articles.
 *
 * @param quirks `ascii-text`
 */
export function englishWords(text: string, quirks: ReadonlySet<Quirk>): string[] {
  const isOfficial = quirks.has('ascii-text');
  const plain = isOfficial ? text : text.normalize('NFKC');
  const signs = isOfficial ? asciiSigns : allSigns;
  return splitWords(plain.toLowerCase().replace(signs, '').replace(articles, ' '));
}

/**
 * A Chinese or Japanese answer: lower case, without punctuation and white space.
 *
 * @param quirks `ascii-text`
 */
export function compactText(text: string, quirks: ReadonlySet<Quirk>): string {
  const isOfficial = quirks.has('ascii-text');
  const plain = isOfficial ? text : text.normalize('NFKC');
  return splitWords(plain.toLowerCase().replace(isOfficial ? chineseSigns : allSigns, '')).join('');
}
