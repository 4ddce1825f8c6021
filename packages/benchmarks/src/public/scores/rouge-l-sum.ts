import { commonLengths } from './common-lengths.js';

/**
 * ROUGE-Lsum as rouge-score 0.1.2 counts it, and InfiniteBench with it: a sentence is a line, words are runs of ASCII
 * letters and digits, and the union of what each line of the answer has in common with any line counts every word no
 * more often than it occurs in both texts.
 */
export function rougeLSum(prediction: string, answer: string): number {
  const linesOf = (text: string) =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.toLowerCase().match(/[a-z0-9]+/g) ?? []);
  const own = linesOf(prediction);
  const wanted = linesOf(answer);
  const ownCount = own.reduce((sum, line) => sum + line.length, 0);
  const wantedCount = wanted.reduce((sum, line) => sum + line.length, 0);
  if (ownCount === 0 || wantedCount === 0) return 0;
  const [ownLeft, wantedLeft] = [bag(own.flat()), bag(wanted.flat())];
  let hits = 0;
  for (const line of wanted) {
    const common = new Set(own.flatMap((other) => commonPlaces(line, other)));
    for (const place of [...common].sort((a, b) => a - b)) {
      const word = line[place]!;
      const [ofOwn, ofWanted] = [ownLeft.get(word) ?? 0, wantedLeft.get(word) ?? 0];
      if (ofOwn === 0 || ofWanted === 0) continue;
      hits++;
      ownLeft.set(word, ofOwn - 1);
      wantedLeft.set(word, ofWanted - 1);
    }
  }
  const precision = hits / ownCount;
  const recall = hits / wantedCount;
  return hits === 0 ? 0 : (2 * precision * recall) / (precision + recall);
}

function bag(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** Places in the first list of a longest common subsequence. */
function commonPlaces(first: readonly string[], second: readonly string[]): number[] {
  const width = second.length + 1;
  const table = commonLengths(first, second);
  const places: number[] = [];
  let [i, j] = [first.length, second.length];
  while (i > 0 && j > 0) {
    const at = i * width + j;
    if (first[i - 1] === second[j - 1]) {
      places.push(i - 1);
      i--;
      j--;
    } else if (table[at - 1]! > table[at - width]!) j--;
    else i--;
  }
  return places;
}
