/** What two names have in common that differ in case and underscores alone. */
const plain = (name: string) => name.toLowerCase().replaceAll(/[_\-.]/g, '');

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into another. */
function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let least = Math.min(
        above[column]! + 1,
        current[column - 1]! + 1,
        above[column - 1]! + (same ? 0 : 1),
      );
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (row > 1 && column > 1 && swapped) least = Math.min(least, before[column - 2]! + 1);
      current.push(least);
    }
    [before, above] = [above, current];
  }
  return above[to.length]!;
}

/**
 * What somebody probably meant by a name that does not exist.
 *
 * @param name the unknown name
 * @param known the names there are
 * @param aliases what other libraries call the same thing, with what it is called here; case and underscores do not count
 * @returns the alias's text, or the known name that is closest in spelling; null when none is close
 *
 * @example
 * ```ts
 * suggestName('popsize', ['populationSize', 'seed'], { popsize: 'populationSize' }); // 'populationSize'
 * suggestName('population_size', ['populationSize', 'seed']); // 'populationSize'
 * suggestName('sede', ['populationSize', 'seed']); // 'seed'
 * ```
 */
export function suggestName(
  name: string,
  known: readonly string[],
  aliases: Readonly<Record<string, string>> = {},
): string | null {
  const wanted = plain(name);
  const alias = Object.keys(aliases).find((other) => plain(other) === wanted);
  if (alias !== undefined) return aliases[alias]!;
  // a third of the letters may be wrong; a longer text than any name is not worth comparing
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  let best: string | null = null;
  let least = limit + 1;
  for (const other of known) {
    const spelt = plain(other);
    if (Math.abs(spelt.length - wanted.length) > limit) continue;
    const distance = editDistance(wanted, spelt);
    if (distance < least) [best, least] = [other, distance];
  }
  return best;
}
