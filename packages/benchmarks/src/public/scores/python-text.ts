/**
 * Text as Python 3 handles it, which the official scorers are written in: its white space has the separators U+001C to
 * U+001F and U+0085, and not U+FEFF; its `\w` and `\d` know all scripts.
 */
const whiteSpace =
  '\\t\\n\\v\\f\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const blanks = new RegExp(`[${whiteSpace}]+`, 'u');
const edges = new RegExp(`^[${whiteSpace}]+|[${whiteSpace}]+$`, 'gu');

/** `text.split()`. */
export function splitWords(text: string): string[] {
  return text.split(blanks).filter((word) => word !== '');
}

/** `text.strip()`. */
export function strip(text: string): string {
  return text.replace(edges, '');
}

/** `re.findall(r"\d+", text)`. */
export function digitRuns(text: string): string[] {
  return text.match(/\p{Nd}+/gu) ?? [];
}

/** A number in any script's digits, as `float()` reads it. */
export function numberFrom(digits: string): number {
  return Number(asciiDigits(digits));
}

/** Digits of any script as those of ASCII. */
export function asciiDigits(text: string): string {
  return text.replace(/\p{Nd}/gu, (digit) => String(digitValue(digit.codePointAt(0)!)));
}

/** Digits come in tens, the first of which is the zero; several tens may follow one another. */
function digitValue(code: number): number {
  let first = code;
  while (/^\p{Nd}$/u.test(String.fromCodePoint(first - 1))) first--;
  return (code - first) % 10;
}

/** Digits beyond which `int()` raises, leading zeros included. */
export const mostDigits = 4300;

/** `int(text)`, or null where that raises. */
export function pythonInt(text: string): number | null {
  const match = /^([+-]?)(\p{Nd}+(?:_\p{Nd}+)*)$/u.exec(strip(text));
  if (match === null) return null;
  const digits = asciiDigits(match[2]!.replaceAll('_', ''));
  if (digits.length > mostDigits) return null;
  return match[1] === '-' ? -Number(digits) : Number(digits);
}

/** `round(x)`: halves go to the even neighbour. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Each of the signs replaced by a blank. */
export function blankOut(text: string, signs: readonly string[]): string {
  return signs.reduce((rest, sign) => rest.replaceAll(sign, ' '), text);
}
