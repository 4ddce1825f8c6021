import { commonLengths } from './common-lengths.js';
import { splitWords } from './python-text.js';
import type { Quirk } from './quirks.js';

/**
 * Steps back through one pair of sentences at which Python's stack overflows, when a script calls the metric. Functions
 * between the two take stack away: LongBench's own `eval.py` is there one (English) or two steps (Chinese) earlier.
 */
const stackSteps = 992;

/** A score, and whether a pair of sentences overflowed the stack. */
export interface RougeResult {
  readonly score: number;
  readonly overflowed: boolean;
}

/**
 * ROUGE-L as python rouge 1.0.1 and LongBench's use of it count: a sentence ends at every full stop, what is common are
 * the *unique* words of all longest common subsequences, and any failure counts 0.
 */
export function rougePackage(prediction: string, answer: string): RougeResult {
  const sentences = (text: string) =>
    text
      .split('.')
      .filter((piece) => piece !== '')
      .map((piece) => splitWords(piece).join(' ').split(' '));
  const own = sentences(prediction);
  const wanted = sentences(answer);
  if (own.length === 0 || wanted.length === 0) return { score: 0, overflowed: false };
  const common = new Set<string>();
  let overflowed = false;
  for (const reference of wanted) {
    for (const sentence of own) {
      const { words, steps } = commonWords(reference, sentence);
      overflowed ||= steps >= stackSteps;
      for (const word of words) common.add(word);
    }
  }
  const recall = common.size / new Set(wanted.flat()).size;
  const precision = common.size / new Set(own.flat()).size;
  return { score: 2 * ((precision * recall) / (precision + recall + 1e-8)), overflowed };
}

/** The words of the longest common subsequence that the package finds, and the steps back through its table. */
function commonWords(
  first: readonly string[],
  second: readonly string[],
): { words: string[]; steps: number } {
  const width = second.length + 1;
  const table = commonLengths(first, second);
  const words: string[] = [];
  let [i, j, steps] = [first.length, second.length, 0];
  for (; i > 0 && j > 0; steps++) {
    const at = i * width + j;
    if (first[i - 1] === second[j - 1]) {
      words.push(first[i - 1]!);
      i--;
      j--;
    } else if (table[at - width]! > table[at - 1]!) i--;
    else j--;
  }
  return { words, steps };
}

/**
 * ROUGE-L of two texts.
 *
 * @param quirks `rouge-unique-words`, `rouge-stack`
 * @example
 * ```ts
 * rougeL('the cat sat.', 'the cat sat', allQuirks); // 0.999999995, never 1
 * rougeL('the cat sat.', 'the cat sat', noQuirks); // 1
 * ```
 */
export function rougeL(prediction: string, answer: string, quirks: ReadonlySet<Quirk>): number {
  const { score, overflowed } = rougePackage(prediction, answer);
  if (quirks.has('rouge-stack') && overflowed) return 0;
  return quirks.has('rouge-unique-words') ? score : subsequenceF1(prediction, answer);
}

/** F1 of the longest common subsequence of lower-cased words of letters and digits. */
function subsequenceF1(prediction: string, answer: string): number {
  const wordsOf = (text: string) =>
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  const [own, wanted] = [wordsOf(prediction), wordsOf(answer)];
  let row = new Uint32Array(wanted.length + 1);
  for (const word of own) {
    const next = new Uint32Array(row.length);
    for (let j = 1; j < row.length; j++) {
      next[j] = word === wanted[j - 1] ? row[j - 1]! + 1 : Math.max(row[j]!, next[j - 1]!);
    }
    row = next;
  }
  const common = row.at(-1)!;
  return common === 0 ? 0 : (2 * common) / (own.length + wanted.length);
}
