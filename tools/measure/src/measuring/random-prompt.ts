import { Random } from '@namm/core';

/** Ids drawn evenly; the same for a length and a seed. */
export function randomPrompt(length: number, vocabulary: number, seed: number): number[] {
  const random = new Random(seed, length);
  return Array.from({ length }, () => random.integer(vocabulary));
}
