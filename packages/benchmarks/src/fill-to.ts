import { InvalidArgumentError } from '@namm/core';
import type { Passage } from './filler.js';
import type { CountTokens } from './types.js';

/**
 * Takes pieces from a passage as long as they fit.
 *
 * @returns the pieces and their tokens; the next piece would have been too long
 * @throws {InvalidArgumentError} when a piece is said to have no tokens
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
    // The passage has no end: a counter that says 0 or NaN would never stop.
    if (!(size >= 1)) {
      throw new InvalidArgumentError('countTokens', `says ${size} for ${JSON.stringify(piece)}`);
    }
    if (tokens + size > room) break;
    pieces.push(piece);
    tokens += size;
  }
  return { pieces, tokens };
}
