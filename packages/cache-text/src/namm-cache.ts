import type { DynamicCache } from '@huggingface/transformers';
import type { Decoder } from '@namm/decoder';
import type { AnyDecoder, CacheOf } from './sequence-model.js';
import type { TextCacheMemory } from './text-cache-memory.js';

/** What a cache of {@link NammModelForCausalLM} offers beyond a `DynamicCache` of transformers.js. */
export interface NammCacheMembers<Engine extends AnyDecoder> {
  /**
   * The cache of each sequence of the batch, as the direct API knows it: a `KVCache`, or a handle on the one
   * in the worker. Empty before the first tokens are read.
   */
  readonly sequences: readonly CacheOf<Engine>[];
  /**
   * How often a sequence was read anew because a prompt departed from what was read, or came again. Each
   * costs the time to read the whole prompt; where that is not wanted, go on from the ids in `sequences` of `generate` to avoid it.
   */
  readonly restarts: number;
  /** What the cache holds and what that costs. */
  memory(): Promise<TextCacheMemory>;
  /**
   * A second cache with the same sequences that goes its own way from here.
   *
   * @throws {CacheBusyError} while another call uses it
   */
  fork(): Promise<NammCache<Engine>>;
  /**
   * Writes the cache, its policy's state and the ids that it has read into a folder, where
   * {@link NammModelForCausalLM.restoreCache} finds them. A cache that was saved there before stands until
   * this one is complete.
   *
   * @throws {CacheBusyError} while another call uses it
   * @throws {CacheSaveError} when the folder cannot be written to
   */
  save(folder: string): Promise<void>;
}

/**
 * What `past_key_values` of a {@link NammModelForCausalLM} is: one cache per sequence of the batch, each with
 * its own tokens only, which forget what their policy does not keep. `get_seq_length()` counts tokens *seen*,
 * `dispose()` frees them. It is made by {@link NammModelForCausalLM.createCache}, or by `generate` with
 * `return_dict_in_generate`.
 */
export type NammCache<Engine extends AnyDecoder = Decoder> = DynamicCache &
  NammCacheMembers<Engine>;
