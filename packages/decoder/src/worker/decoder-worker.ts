import type { ResourceLimits } from 'node:worker_threads';
import { checkNames } from '@namm/core';
import type {
  CacheShape,
  Probe,
  SequenceModel,
  StepItem,
  StepOptions,
  StepResult,
} from '@namm/kv-cache';
import type { DecoderOptions } from '../decoder-options.js';
import type { DecoderSpec } from '../spec/decoder-spec.js';
import { type CheckedInput, checkInput } from '../step/check-input.js';
import { Connection } from './connection.js';
import { fromPortable } from './portable-error.js';
import type { LoadedModel } from './protocol.js';
import { StopFlag } from './stop-flag.js';
import { recordOf, WorkerCache } from './worker-cache.js';
import type { RestoreWorkerCacheOptions, WorkerCacheOptions } from './worker-cache-options.js';
import type { WorkerPolicy } from './worker-policy.js';

export interface DecoderWorkerOptions extends Omit<DecoderOptions, 'probe' | 'runtime'> {
  /**
   * What the graph reports about the attention: the probe of the policies that you will use, or one of these policies,
   * from which the probe is taken.
   * @defaultValue `{ kind: 'none' }`
   */
  readonly probe?: Probe | WorkerPolicy;
  /**
   * Limits of the thread's JavaScript heap; weights and rows are outside it.
   * @defaultValue those of Node
   */
  readonly resourceLimits?: ResourceLimits;
  /**
   * The script that runs in the thread, for programs bundled without a `node_modules` folder.
   * @defaultValue `@namm/decoder/worker`
   */
  readonly workerFile?: string | URL;
}

/**
 * A {@link Decoder} in a worker thread, with its weights, caches and policies, so that the caller's event loop stays
 * free while it computes. An idle worker does not keep the process alive.
 *
 * @example
 * ```ts
 * const policy = { module: '@namm/kv-cache', export: 'h2o', options: { budget: 256 } };
 * const worker = await DecoderWorker.load('models/SmolLM2-135M', { probe: policy });
 * const cache = await worker.createCache({ policy });
 * const [{ logits }] = await worker.step([{ cache, input: { ids } }]);
 * await worker.release();
 * ```
 */
export class DecoderWorker implements SequenceModel<WorkerCache, WorkerPolicy> {
  readonly spec: DecoderSpec;
  /** What the graph reports about the attention. */
  readonly probe: Probe;
  readonly chunkSize: number;
  /** Shape of the caches that fit this model. */
  readonly cacheShape: CacheShape;
  readonly #connection: Connection;

  private constructor(connection: Connection, model: LoadedModel) {
    this.#connection = connection;
    this.spec = model.spec;
    this.probe = model.probe;
    this.chunkSize = model.chunkSize;
    this.cacheShape = model.cacheShape;
  }

  /**
   * Starts a worker thread and loads a model in it.
   *
   * @param path folder with `config.json` and `.safetensors` weights, or a GGUF file
   * @throws whatever {@link Decoder.load} throws
   * @throws {InvalidArgumentError} when no thread can be started, or an option cannot be sent to one
   * @throws {PolicyModuleError} when the policy that provides the probe cannot be made
   * @throws {WorkerDiedError} when the thread cannot start, or ends while loading
   */
  static async load(path: string, options: DecoderWorkerOptions = {}): Promise<DecoderWorker> {
    const { resourceLimits, workerFile, ...decoderOptions } = options;
    const connection = new Connection({
      ...(resourceLimits && { resourceLimits }),
      ...(workerFile && { workerFile }),
    });
    try {
      const model = await connection.call('load', { path, options: decoderOptions });
      return new DecoderWorker(connection, model);
    } catch (error) {
      await connection.end();
      throw error;
    }
  }

  /**
   * An empty cache for one sequence, in the worker.
   *
   * @throws {InvalidArgumentError} when the policy is not given as data, or refuses its options
   * @throws {PolicyModuleError} when its module cannot be loaded, or does not make a policy
   * @throws {WorkerDiedError} when the worker has ended
   */
  async createCache(options: WorkerCacheOptions = {}): Promise<WorkerCache> {
    const remote = await this.#connection.call('createCache', options);
    return new WorkerCache(remote, this.#connection);
  }

  /**
   * Restores a cache that {@link WorkerCache.save} or `KVCache.save` wrote for this model.
   *
   * @param options the policy that it was saved with, and whether to record from now on
   * @throws whatever {@link Decoder.restoreCache} and {@link createCache} throw
   */
  async restoreCache(path: string, options: RestoreWorkerCacheOptions = {}): Promise<WorkerCache> {
    const remote = await this.#connection.call('restoreCache', { path, options });
    return new WorkerCache(remote, this.#connection);
  }

  /**
   * Like {@link Decoder.step}, in the worker. Steps of different caches may run at the same time; they then alternate
   * chunk by chunk. The input is copied; the results are transferred without a copy. If a progress listener throws, the
   * step stops as if aborted, with that error.
   *
   * @throws whatever {@link Decoder.step} throws; also {CacheUseError} for a cache of another worker
   * @throws {WorkerDiedError} when the worker has ended, or ends during the step
   */
  async step(
    items: readonly StepItem<WorkerCache>[],
    options: StepOptions = {},
  ): Promise<StepResult[]> {
    checkNames('step', options, ['onProgress', 'signal']);
    const records = items.map(({ cache }) => recordOf(cache, this.#connection));
    const portable = items.map(({ input, outputs }, i) => ({
      cache: records[i]!.id,
      input: copyOf(checkInput(this.spec, input)),
      ...(outputs && { outputs }),
    }));
    const stop = new StopFlag(options);
    try {
      const answer = await this.#connection.call(
        'step',
        { items: portable, stop: stop.buffer, reportProgress: options.onProgress !== undefined },
        {
          transfer: portable.flatMap(({ input }) => buffersOf(input)),
          onProgress: stop.onProgress,
        },
      );
      for (const [i, record] of records.entries()) record.seen = answer.seen[i]!;
      stop.throwIfListenerFailed();
      if (answer.kind === 'failed') throw fromPortable(answer.error);
      if (answer.kind === 'stopped') throw options.signal?.reason;
      return [...answer.results];
    } finally {
      stop.dispose();
    }
  }

  /**
   * Total bytes of this worker's caches: rows including unused ends, counted once if shared with forks, and policy
   * states.
   *
   * @throws {WorkerDiedError} when the worker has ended
   */
  async cacheBytes(): Promise<number> {
    return await this.#connection.call('cacheBytes', null);
  }

  /**
   * Ends the thread and frees the weights and all caches, as soon as ONNX Runtime has finished the current chunk, if
   * any. Pending and later calls are rejected with a {@link WorkerDiedError}; a second release does nothing.
   */
  async release(): Promise<void> {
    await this.#connection.end();
  }
}

type PortableInput = ({ readonly ids: Int32Array } | { readonly embeddings: Float32Array }) & {
  readonly positions?: Int32Array;
};

/** Copies, since what is sent is taken from the sender, and a view would be sent with all that it views. */
function copyOf({ ids, embeddings, positions }: CheckedInput): PortableInput {
  const told = positions ? { positions: positions.slice() } : {};
  return embeddings.length > 0 ? { embeddings: embeddings.slice(), ...told } : { ids, ...told };
}

function buffersOf(input: PortableInput): ArrayBuffer[] {
  return Object.values(input).map(({ buffer }) => buffer as ArrayBuffer);
}
