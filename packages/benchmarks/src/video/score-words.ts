/**
 * How right an answer in words is: the share of the parts that stand in their places. Letter case, punctuation and articles do
 * not count; what goes on after a single part does not either, but parts beyond those that are wanted count as wrong.
 *
 * @param answer as a model wrote it
 * @param parts what a right answer says, one after the other
 * @returns from 0 to 1
 */
export function scoreWords(answer: string, parts: readonly string[]): number {
  const written = wordsOf(answer);
  const wanted = parts.map(wordsOf);
  let at = 0;
  let right = 0;
  for (const words of wanted) {
    if (words.every((word, i) => written[at + i] === word)) right++;
    at += words.length;
  }
  if (parts.length === 1) return right;
  const perPart = at / parts.length;
  return right / Math.max(parts.length, Math.ceil(written.length / perPart));
}

function wordsOf(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.filter((word) => !['a', 'an', 'the'].includes(word));
}
