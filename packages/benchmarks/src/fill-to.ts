import type { Passage } from './filler.js';
import type { CountTokens } from './types.js';

/**
 * Takes pieces from a passage as long as they fit.
 *
 * @returns the pieces and their tokens; the next piece would have been too long
 */
export function fillTo(
  passage: Passage,
  room: number,
  countTokens: CountTokens,
): { pieces: string[]; tokens: number } {
  const pieces: string[] = [];
  let tokens = 0;
  for (const piece of passage.pieces()) {
    const size = countTokens(piece);
    if (tokens + size > room) break;
    pieces.push(piece);
    tokens += size;
  }
  return { pieces, tokens };
}
