import type { Decoder } from '@namm/decoder';
import type { KeptSlots, KVCache } from '@namm/kv-cache';
import { copyCache } from '../measuring/copy-cache.js';
import { type Elapsed, startStopwatch } from '../measuring/stopwatch.js';
import { unevenCounts } from './uneven-counts.js';

/** How many rows of a prompt the heads keep. */
export interface Variant {
  /** Percent of all rows. */
  readonly kept: number;
  readonly heads: 'even' | 'uneven';
}

/** Decode steps of one cache. */
export interface DecodeTime {
  /** CPU and wall seconds of one step, mean. */
  readonly cpu: number;
  readonly wall: number;
  readonly otherCores: number;
  /** Rows of the head with fewest and of the head with most when decoding begins. */
  readonly fewest: number;
  readonly most: number;
  /** Bytes of keys, values and positions when decoding begins. */
  readonly bytes: number;
}

/** Cuts a copy of the prompt's cache to a variant, and times decode steps on it. */
export async function timeDecode(
  decoder: Decoder,
  prompt: KVCache,
  variant: Variant,
  steps: number,
): Promise<DecodeTime> {
  const cache = await copyCache(prompt, decoder);
  cache.keep(newestSlots(cache, variant));
  const { keptPerHead, bytes } = cache.memory();
  const step = () => decoder.step([{ cache, input: { ids: [1] } }]);
  await step(); // moves into the arrays of a grown or cut cache
  const elapsed = startStopwatch();
  for (let done = 0; done < steps; done++) await step();
  const { cpu, wall, others }: Elapsed = elapsed();
  return {
    cpu: cpu / steps,
    wall: wall / steps,
    otherCores: others / wall,
    fewest: Math.min(...keptPerHead.flat()),
    most: Math.max(...keptPerHead.flat()),
    bytes: bytes.used + bytes.positions,
  };
}

/** The newest rows of each head: which rows they are does not matter for the time. */
function newestSlots(cache: KVCache, { kept, heads }: Variant): KeptSlots[] {
  return cache.shape.layers.map(({ keyValueHeads }, layer) => {
    const length = cache.length(layer, 0);
    const perHead = Math.max(1, Math.round((length * kept) / 100));
    const counts =
      heads === 'even'
        ? new Array<number>(keyValueHeads).fill(perHead)
        : unevenCounts(keyValueHeads, length, perHead * keyValueHeads);
    return counts.map((count) => Uint32Array.from({ length: count }, (_, i) => length - count + i));
  });
}
