import { Random } from '@namm/core';
import type { Decoder } from '@namm/decoder';
import { type NammCheckpoint, randomNammFor } from '@namm/namm';
import { findScoreOffset } from '../prefill/find-score-offset.js';

/** How far members lie from their mean: about the σ that evolution has. */
const deviation = 0.05;

/** NAMMs as a generation of an evolution strategy has them: a mean, and members around it. */
export interface Population {
  readonly members: readonly NammCheckpoint[];
  /** Score offsets under which about these shares of the rows are kept; 1 keeps all. */
  readonly offsets: ReadonlyMap<number, number>;
}

/** Makes one around a random NAMM. */
export async function makePopulation(
  decoder: Decoder,
  ids: readonly number[],
  { size, shares, interval, seed }: PopulationOptions,
): Promise<Population> {
  const center = await randomNammFor(decoder, ids, { updateInterval: interval, seed });
  const members = Array.from({ length: size }, (_, member) => {
    const random = new Random(seed, member + 1);
    const parameters = center.parameters.map((value) => value + deviation * random.normal());
    return { ...center, parameters };
  });
  const offsets = new Map<number, number>();
  for (const share of shares) {
    const offset = share === 1 ? 1e6 : await findScoreOffset(decoder, ids, center, share);
    offsets.set(share, offset);
  }
  return { members, offsets };
}

export interface PopulationOptions {
  readonly size: number;
  readonly shares: readonly number[];
  /** Tokens from one update to the next. */
  readonly interval: number;
  readonly seed: number;
}
