import type { DynamicCache } from '@huggingface/transformers';
import type { Decoder } from '@namm/decoder';
import type { AnyDecoder, CacheOf } from './sequence-model.js';
import type { TextCacheMemory } from './text-cache-memory.js';

/** What a cache of {@link NammModelForCausalLM} adds to transformers.js's `DynamicCache`. */
export interface NammCacheMembers<Engine extends AnyDecoder> {
  /**
   * The cache of each sequence of the batch, for the direct API: a `KVCache`, or a handle to the one in the worker.
   * Empty before the first tokens are read.
   */
  readonly sequences: readonly CacheOf<Engine>[];
  /**
   * How often a sequence was read again from the start, because a prompt differed from what was read or came a second
   * time. Each time costs reading the whole prompt. To avoid it, continue from the ids in `sequences` of `generate`.
   */
  readonly restarts: number;
  /** What the cache holds, and the memory that takes. */
  memory(): Promise<TextCacheMemory>;
  /**
   * A second cache with the same sequences, independent from now on.
   *
   * @throws {CacheBusyError} while another call uses it
   */
  fork(): Promise<NammCache<Engine>>;
  /**
   * Writes the cache, its policy's state and the ids that it has read into a folder, for
   * {@link NammModelForCausalLM.restoreCache}. A cache saved there earlier is replaced only when this one is complete.
   *
   * @throws {CacheBusyError} while another call uses it
   * @throws {CacheSaveError} when the folder cannot be written to
   */
  save(folder: string): Promise<void>;
}

/**
 * The `past_key_values` of a {@link NammModelForCausalLM}: one cache per sequence of the batch, each with only its own
 * tokens, which forget what their policy does not keep. `get_seq_length()` counts tokens *seen*, `dispose()` frees
 * them. It is made by {@link NammModelForCausalLM.createCache}, or by `generate` with `return_dict_in_generate`.
 */
export type NammCache<Engine extends AnyDecoder = Decoder> = DynamicCache &
  NammCacheMembers<Engine>;
