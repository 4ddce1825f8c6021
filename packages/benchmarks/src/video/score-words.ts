/**
 * Scores an answer in words: the share of its parts that are in their places. Letter case, punctuation and articles do
 * not count, nor does text after a single part; parts beyond the expected ones count as wrong.
 *
 * @param answer the model's answer
 * @param parts the parts of the right answer in order
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
