import type { KeptSlots, KVCache } from '@namm/kv-cache';
import type { Decoder } from '../src/index.js';

/** One thread: the models are tiny, and test files run side by side. */
export const quiet = { threads: 1 } as const;

/** Logits of all ids, fed in pieces of the given lengths. */
export async function feed(
  decoder: Decoder,
  cache: KVCache,
  ids: readonly number[],
  pieces: readonly number[] = [ids.length],
): Promise<number[]> {
  const logits: number[] = [];
  let start = 0;
  for (const length of pieces) {
    const input = { ids: ids.slice(start, start + length) };
    const [result] = await decoder.step([{ cache, input, outputs: 'all' }]);
    logits.push(...result!.logits);
    start += length;
  }
  if (start !== ids.length) throw new Error(`the pieces hold ${start} of ${ids.length} ids`);
  return logits;
}

/** Slots of the cache whose positions are wanted. */
export function slotsAt(
  cache: KVCache,
  wanted: (layer: number, head: number, position: number) => boolean,
): KeptSlots[] {
  return cache.shape.layers.map(({ keyValueHeads }, layer) =>
    Array.from({ length: keyValueHeads }, (_, head) => {
      const slots: number[] = [];
      for (const [slot, position] of cache.positions(layer, head).entries()) {
        if (wanted(layer, head, position)) slots.push(slot);
      }
      return Uint32Array.from(slots);
    }),
  );
}

/** Largest absolute difference; NaN when there is one, or when the lengths differ. */
export function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.NaN;
  let largest = 0;
  for (let i = 0; i < actual.length; i++) {
    largest = Math.max(largest, Math.abs(actual[i]! - expected[i]!)); // NaN stays NaN
  }
  return largest;
}
