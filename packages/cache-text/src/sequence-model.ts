import type { Decoder, DecoderWorker, WorkerCache, WorkerPolicy } from '@namm/decoder';
import type {
  CreateCacheOptions,
  EvictionPolicy,
  KVCache,
  SequenceModel as SequenceModelOf,
} from '@namm/kv-cache';

/** A decoder, in this thread or in a worker thread. */
export type AnyDecoder = Decoder | DecoderWorker;

/** The cache of one sequence of a decoder. */
export type CacheOf<Engine extends AnyDecoder> = Engine extends DecoderWorker
  ? WorkerCache
  : KVCache;

/** The form in which a decoder takes a policy; a worker takes it by name, because code cannot be sent to a thread. */
export type PolicyOf<Engine extends AnyDecoder> = Engine extends DecoderWorker
  ? WorkerPolicy
  : EvictionPolicy;

/** Either kind of policy. */
export type AnyPolicy = EvictionPolicy | WorkerPolicy;

/** Either kind of cache, as code sees it that does not care. */
export type SequenceCache = KVCache | WorkerCache;

/** Either kind of decoder, as code sees it that does not care. */
export type SequenceModel = SequenceModelOf<SequenceCache, AnyPolicy>;

/** How the caches of a model are made. */
export type CacheOptions = CreateCacheOptions<AnyPolicy>;
