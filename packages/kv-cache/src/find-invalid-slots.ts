import type { KeptSlots } from './contracts/eviction-policy.js';

/** Why slots cannot be kept, and the head they were chosen for (null: the layer as a whole). */
export interface InvalidSlots {
  readonly layer: number;
  readonly head: number | null;
  readonly problem: string;
}

/**
 * The first reason why a cache cannot keep these slots, or null when it can.
 *
 * @param kept per layer null or ascending slots per head
 * @param lengths rows held, per layer and head
 */
export function findInvalidSlots(
  kept: readonly (KeptSlots | null)[],
  lengths: readonly (readonly number[])[],
): InvalidSlots | null {
  if (!Array.isArray(kept) || kept.length !== lengths.length) {
    const problem = `${kept?.length} entries for ${lengths.length} layers`;
    return { layer: Math.min(kept?.length ?? 0, lengths.length), head: null, problem };
  }
  for (const [layer, heads] of kept.entries()) {
    if (heads === null) continue;
    const layerLengths = lengths[layer]!;
    if (!Array.isArray(heads) || heads.length !== layerLengths.length) {
      const problem = `slots for ${heads?.length} heads where there are ${layerLengths.length}`;
      return { layer, head: null, problem };
    }
    for (const [head, slots] of heads.entries()) {
      const problem = findProblem(slots, layerLengths[head]!);
      if (problem !== null) return { layer, head, problem };
    }
  }
  return null;
}

function findProblem(slots: Uint32Array, length: number): string | null {
  if (!(slots instanceof Uint32Array)) return 'the slots are not a Uint32Array';
  for (let i = 0; i < slots.length; i++) {
    if (slots[i]! >= length) return `slot ${slots[i]} of ${length} rows`;
    if (i > 0 && slots[i]! <= slots[i - 1]!) {
      return `slot ${slots[i]} after slot ${slots[i - 1]}; slots must ascend without repeats`;
    }
  }
  return null;
}
