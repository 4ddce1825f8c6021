/**
 * Lengths of the longest common subsequences of the beginnings of two lists.
 *
 * @returns `[first.length + 1, second.length + 1]`
 */
export function commonLengths(first: readonly string[], second: readonly string[]): Uint32Array {
  const width = second.length + 1;
  const table = new Uint32Array((first.length + 1) * width);
  for (let i = 1; i <= first.length; i++) {
    for (let j = 1; j < width; j++) {
      const at = i * width + j;
      table[at] =
        first[i - 1] === second[j - 1]
          ? table[at - width - 1]! + 1
          : Math.max(table[at - width]!, table[at - 1]!);
    }
  }
  return table;
}
