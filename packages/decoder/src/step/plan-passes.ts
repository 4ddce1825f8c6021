import type { Chunk } from './read-chunks.js';

/** One chunk of one item of a step. */
export interface ChunkPlace {
  readonly item: number;
  readonly index: number;
}

/**
 * Which chunks are computed together, pass by pass. Chunks of one item stay in their order. Where a pass takes one
 * chunk, items come one after the other; else the next chunks of all items are packed in passes of so many rows, and
 * single tokens ride along with whatever pass there is.
 *
 * @param chunks of each item
 * @param rowsAtOnce tokens of several chunks in one pass, not counting single ones; 0 for one chunk
 */
export function planPasses(
  chunks: readonly (readonly Pick<Chunk, 'count'>[])[],
  rowsAtOnce: number,
): ChunkPlace[][] {
  if (rowsAtOnce === 0) {
    return chunks.flatMap((own, item) => own.map((_, index) => [{ item, index }]));
  }
  const passes: ChunkPlace[][] = [];
  const rounds = Math.max(0, ...chunks.map(({ length }) => length));
  for (let index = 0; index < rounds; index++) {
    const places = chunks.flatMap((own, item) => (index < own.length ? [{ item, index }] : []));
    const countOf = ({ item }: ChunkPlace) => chunks[item]![index]!.count;
    const round: ChunkPlace[][] = [[]];
    let rows = 0;
    for (const place of places.filter((place) => countOf(place) > 1)) {
      const count = countOf(place);
      if (rows > 0 && rows + count > rowsAtOnce) {
        round.push([]);
        rows = 0;
      }
      round.at(-1)!.push(place);
      rows += count;
    }
    round.at(-1)!.push(...places.filter((place) => countOf(place) === 1));
    passes.push(...round);
  }
  return passes;
}
