/**
 * Similarity of two texts as Python's `difflib.SequenceMatcher(None, a, b).ratio()`: twice the characters in matching
 * blocks over those of both texts.
 *
 * @param autojunk whether characters that make up more than a hundredth of a second text of 200 characters and more start
 *   no block, as is Python's default
 */
export function sequenceRatio(a: string, b: string, autojunk = true): number {
  const [first, second] = [[...a], [...b]]; // code points, as in Python
  if (first.length + second.length === 0) return 1;
  const places = new Map<string, number[]>();
  for (const [j, character] of second.entries()) {
    const known = places.get(character);
    if (known) known.push(j);
    else places.set(character, [j]);
  }
  if (autojunk && second.length >= 200) {
    const most = Math.floor(second.length / 100) + 1;
    for (const [character, where] of places) if (where.length > most) places.delete(character);
  }
  let matched = 0;
  const open: [number, number, number, number][] = [[0, first.length, 0, second.length]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [aStart, aEnd, bStart, bEnd] = next;
    const block = longestBlock(first, second, places, next);
    if (block.size === 0) continue;
    matched += block.size;
    open.push([aStart, block.a, bStart, block.b]);
    open.push([block.a + block.size, aEnd, block.b + block.size, bEnd]);
  }
  return (2 * matched) / (first.length + second.length);
}

/** The longest block within the ranges, the earliest of equal ones; then widened by equal characters that start none. */
function longestBlock(
  first: readonly string[],
  second: readonly string[],
  places: ReadonlyMap<string, readonly number[]>,
  [aStart, aEnd, bStart, bEnd]: readonly [number, number, number, number],
): { a: number; b: number; size: number } {
  let best = { a: aStart, b: bStart, size: 0 };
  let lengths = new Map<number, number>();
  for (let i = aStart; i < aEnd; i++) {
    const next = new Map<number, number>();
    for (const j of places.get(first[i]!) ?? []) {
      if (j < bStart) continue;
      if (j >= bEnd) break;
      const size = (lengths.get(j - 1) ?? 0) + 1;
      next.set(j, size);
      if (size > best.size) best = { a: i - size + 1, b: j - size + 1, size };
    }
    lengths = next;
  }
  let { a, b, size } = best;
  while (a > aStart && b > bStart && first[a - 1] === second[b - 1]) {
    a--;
    b--;
    size++;
  }
  while (a + size < aEnd && b + size < bEnd && first[a + size] === second[b + size]) size++;
  return { a, b, size };
}
