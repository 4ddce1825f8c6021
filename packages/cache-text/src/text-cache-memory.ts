import type { CacheMemory } from '@namm/kv-cache';

/** What a {@link NammCache} holds, and the memory that takes: in total and for each sequence of the batch. */
export interface TextCacheMemory {
  /** Tokens seen, evicted ones included, summed over the sequences. */
  readonly seen: number;
  /** Rows held, summed over sequences, layers and KV heads. */
  readonly rows: number;
  /** As in {@link CacheMemory}, summed over the sequences; `tokens` is the memory of the ids that were read. */
  readonly bytes: CacheMemory['bytes'] & { readonly tokens: number };
  /** The report of each sequence of the batch; one for a single prompt. */
  readonly sequences: readonly CacheMemory[];
}

/** @param tokens bytes of the logged ids */
export function sumMemory(sequences: readonly CacheMemory[], tokens: number): TextCacheMemory {
  const sum = (count: (one: CacheMemory) => number) =>
    sequences.reduce((all, one) => all + count(one), 0);
  return {
    seen: sum(({ seen }) => seen),
    rows: sum(({ rows }) => rows),
    bytes: {
      allocated: sum(({ bytes }) => bytes.allocated),
      shared: sum(({ bytes }) => bytes.shared),
      sharedPart: sum(({ bytes }) => bytes.sharedPart),
      used: sum(({ bytes }) => bytes.used),
      positions: sum(({ bytes }) => bytes.positions),
      policy: sum(({ bytes }) => bytes.policy),
      tokens,
    },
    sequences,
  };
}
