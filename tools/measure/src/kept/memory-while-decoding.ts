import type { Decoder } from '@namm/decoder';
import {
  type EvictionPolicy,
  full,
  type KVCache,
  scoredPolicy,
  sinkRecentScorer,
} from '@namm/kv-cache';
import { unevenHeads } from './uneven-heads.js';

/** Decoded tokens between two looks at the memory. */
const interval = 256;

/** The caches whose memory is looked at, by name. */
export function memoryPolicies(budget: number): readonly EvictionPolicy[] {
  const scorer = sinkRecentScorer();
  return [
    full(),
    scoredPolicy({ scorer, budget, name: 'even heads' }),
    scoredPolicy({ scorer, budget, heads: unevenHeads, name: 'uneven heads' }),
  ];
}

/** What a cache allocated over what its tokens need, keys, values and positions. */
export interface MemoryFound {
  readonly policy: string;
  readonly fewest: number;
  readonly most: number;
  /** Largest ratio after a chunk of the prompt, when the policy had evicted. */
  readonly afterChunks: number;
  /** Largest ratio after each {@link interval} decoded tokens, and after the last. */
  readonly whileDecoding: number;
  /** MB at the end. */
  readonly allocatedMegabytes: number;
}

/** Reads a prompt and decodes under a policy, looking at the cache's memory. */
export async function memoryWhileDecoding(
  decoder: Decoder,
  policy: EvictionPolicy,
  prompt: readonly number[],
  decodeTokens: number,
): Promise<MemoryFound> {
  const cache = decoder.createCache({ policy });
  let afterChunks = 0;
  const onProgress = () => {
    afterChunks = Math.max(afterChunks, ratioOf(cache));
  };
  await decoder.step([{ cache, input: { ids: prompt } }], { onProgress });
  let whileDecoding = 0;
  for (let done = 1; done <= decodeTokens; done++) {
    await decoder.step([{ cache, input: { ids: [1] } }]);
    if (done % interval === 0 || done === decodeTokens) {
      whileDecoding = Math.max(whileDecoding, ratioOf(cache));
    }
  }
  const { keptPerHead, bytes } = cache.memory();
  return {
    policy: policy.name,
    fewest: Math.min(...keptPerHead.flat()),
    most: Math.max(...keptPerHead.flat()),
    afterChunks,
    whileDecoding,
    allocatedMegabytes: bytes.allocated / 1e6,
  };
}

function ratioOf(cache: KVCache): number {
  const { allocated, used, positions } = cache.memory().bytes;
  return allocated / (used + positions);
}
