import { checkNames } from '@namm/core';
import {
  type CacheLease,
  type CacheShape,
  type EvictionPolicy,
  hasCompactPositions,
  KVCache,
  type KVCacheOptions,
  type Probe,
  type SequenceModel,
  type StepItem,
  type StepOptions,
  type StepResult,
} from '@namm/kv-cache';
import { applyOptions, checkOptions, type DecoderOptions } from './decoder-options.js';
import { CacheUseError, DecoderInputError, NonFiniteError } from './errors.js';
import { buildGraph } from './graph/build-graph.js';
import { names, type PassSize } from './graph/names.js';
import { isAllFinite } from './is-all-finite.js';
import { readObservations } from './probes/read-observations.js';
import { requireProbe } from './probes/require-probe.js';
import { ortNode } from './runtime/ort-node.js';
import type { Session } from './runtime/runtime.js';
import { checkSource } from './source/check-source.js';
import { findNonFiniteWeight } from './source/find-non-finite-weight.js';
import type { ModelSource } from './source/model-source.js';
import { openModel } from './source/open-model.js';
import type { WeightDtype } from './source/weight-dtype.js';
import { cacheShape } from './spec/cache-shape.js';
import { checkSpec } from './spec/check-spec.js';
import type { DecoderSpec } from './spec/decoder-spec.js';
import { checkPositionLimit } from './step/check-position-limit.js';
import { checkCompactPositions, makeRoom } from './step/compact-positions.js';
import { ForwardInputs } from './step/forward-inputs.js';
import { joinResults } from './step/join-results.js';
import { type Chunk, readChunks } from './step/read-chunks.js';
import { readOutputs } from './step/read-outputs.js';

/**
 * A decoder: most often a language model from a Hugging Face folder. It holds weights and no sequence: keys and
 * values live in caches that the caller owns.
 *
 * @example
 * ```ts
 * const decoder = await Decoder.load('models/SmolLM2-135M', { probe: policy.probe });
 * const cache = decoder.createCache({ policy });
 * const [{ logits }] = await decoder.step([{ cache, input: { ids } }]);
 * ```
 */
export class Decoder implements SequenceModel<KVCache, EvictionPolicy> {
  readonly spec: DecoderSpec;
  /** What the graph reports of the attention. */
  readonly probe: Probe;
  readonly chunkSize: number;
  /** Shape of the caches that fit this model. */
  readonly cacheShape: CacheShape;
  readonly #source: ModelSource;
  readonly #session: Session;
  readonly #inputs: ForwardInputs;

  private constructor(
    source: ModelSource,
    session: Session,
    probe: Probe,
    chunkSize: number,
    passes: PassSize,
    rounding: WeightDtype | null,
  ) {
    const { spec, digest } = source;
    this.#source = source;
    this.#session = session;
    this.#inputs = new ForwardInputs(spec, probe, passes);
    this.spec = spec;
    this.probe = probe;
    this.chunkSize = chunkSize;
    this.cacheShape = cacheShape(spec, digest, rounding);
  }

  /**
   * Loads a model.
   *
   * @param model folder with `config.json` and `.safetensors` weights (F32, F16, BF16 or F64); a GGUF file, or a
   *   folder that holds one; or a model from elsewhere: a spec and weights
   * @param options how it is run
   * @throws {ModelFolderError | FileFormatError} when a file is missing, damaged or not supported
   * @throws {InvalidArgumentError} when an option or the spec cannot be
   * @throws {RuntimeFailure} when ONNX Runtime refuses the model
   */
  static async load(model: string | ModelSource, options: DecoderOptions = {}): Promise<Decoder> {
    const { probe, chunkSize, dtype, threads, runtime = ortNode, passes } = checkOptions(options);
    const opened = typeof model === 'string' ? await openModel(model) : checkSource(model);
    checkSpec(opened.spec);
    const source = { ...opened, spec: applyOptions(opened.spec, options) };
    const graph = await buildGraph(source, probe, dtype, passes);
    const session = await runtime.load(graph, { threads });
    // Rows that were computed with rounded weights are another model's.
    const rounding = graph.areFewBits ? dtype : null;
    return new Decoder(source, session, probe, chunkSize, passes, rounding);
  }

  /**
   * An empty cache for one sequence.
   *
   * @param options its policy and positions
   * @throws {CacheUseError} when positions are to be compact, but those of this model cannot be
   * @throws {InvalidArgumentError} for a bad option, or a policy that cannot serve this model
   */
  createCache(options?: KVCacheOptions): KVCache {
    if (options !== undefined && hasCompactPositions(options)) checkCompactPositions(this.spec);
    return new KVCache(this.cacheShape, options);
  }

  /**
   * A cache that `cache.save(path)` wrote, for this model: it gives the same tokens as the saved one.
   *
   * @param path of the file
   * @param options the policy it was saved with, and a recorder if wanted
   * @throws {FileFormatError} when the file cannot be read, is cut off or no saved cache
   * @throws {CacheMismatchError} when it was saved with another model, policy or settings
   */
  async restoreCache(
    path: string,
    options?: Pick<KVCacheOptions, 'policy' | 'recorder'>,
  ): Promise<KVCache> {
    return KVCache.restore(path, this.cacheShape, options);
  }

  /**
   * Feeds each sequence its new tokens, in chunks of `chunkSize`; after each chunk the new rows are in
   * the cache and its policy has evicted. All input is checked before anything is computed. Caches with
   * compact positions take input of any length: before a chunk that would pass the limit their gaps are
   * closed.
   *
   * @param items each a cache, its new tokens, and the outputs wanted
   * @param options progress and cancellation
   * @returns per item the outputs asked for
   * @throws {DecoderInputError | PositionLimitError | CacheUseError} when an item cannot be fed; all caches
   *   are then unchanged
   * @throws {PositionLimitError} also when a cache with compact positions holds so much that closing gaps
   *   does not make room for a chunk; the chunks before it are then in the cache
   * @throws {CacheBusyError} when a cache is in use elsewhere; during the step it is held by the step
   * @throws {NonFiniteError} when the model computes NaN or infinity; the chunk is then not in the cache,
   *   those before it are
   * @throws whatever a policy throws; the chunk is then in the cache, nothing is evicted, and the cache can
   *   only be read from there on
   */
  async step(
    items: readonly StepItem<KVCache>[],
    options: StepOptions = {},
  ): Promise<StepResult[]> {
    checkNames('step', options, ['onProgress', 'signal']);
    const chunks = items.map((item) => this.#check(item));
    const total = chunks.flat().reduce((sum, { count }) => sum + count, 0);
    let done = 0;
    const leases: CacheLease[] = [];
    try {
      for (const { cache } of items) leases.push(cache.lease('a step of the decoder'));
      const results: StepResult[] = [];
      for (const [i, item] of items.entries()) {
        const { cache } = item;
        const sequenceEnd = reachedBy(chunks[i]!, cache);
        const outputs: StepResult[] = [];
        for (const [c, chunk] of chunks[i]!.entries()) {
          options.signal?.throwIfAborted();
          const rows = outputRows(item, chunk, c === chunks[i]!.length - 1);
          let sequenceLength = sequenceEnd;
          if (hasCompactPositions(cache.shape)) {
            makeRoom(this.spec, cache, leases[i]!, chunk.count);
            sequenceLength = cache.nextPosition + chunk.count;
          }
          outputs.push(await this.#forward(cache, leases[i]!, chunk, rows, sequenceLength));
          done += chunk.count;
          options.onProgress?.({ stage: 'tokens', done, total });
        }
        results.push(joinResults(outputs));
      }
      return results;
    } finally {
      for (const lease of leases) lease.release();
    }
  }

  /** Frees the weights. The decoder cannot be used afterwards; its caches can still be read. */
  async release(): Promise<void> {
    await this.#session.release();
  }

  #check({ cache, input, outputs = 'last' }: StepItem<KVCache>): Chunk[] {
    if (typeof cache?.lease !== 'function') {
      throw new CacheUseError('An item of the step has no KVCache; make one with createCache.');
    }
    if (!['last', 'all', 'none'].includes(outputs)) {
      throw new DecoderInputError(`outputs: '${outputs}' is none of last, all, none.`);
    }
    if (cache.shape.model !== this.cacheShape.model) {
      throw new CacheUseError('The cache was made for another model; use createCache of this one.');
    }
    requireProbe(this.probe, cache.policy);
    const { updateInterval: interval = Number.POSITIVE_INFINITY } = cache.policy;
    const { seen, nextAxisPosition } = cache;
    const grid = { seen, size: this.chunkSize, interval, nextAxisPosition };
    const chunks = readChunks(this.spec, input, grid);
    if (hasCompactPositions(cache.shape)) {
      checkCompactPositions(this.spec);
      return chunks;
    }
    checkPositionLimit(this.spec, reachedBy(chunks, cache));
    return chunks;
  }

  async #forward(
    cache: KVCache,
    lease: CacheLease,
    chunk: Chunk,
    rows: Int32Array,
    sequenceLength: number,
  ): Promise<StepResult> {
    const { count } = chunk;
    const inputs = this.#inputs.of(cache, chunk, rows, sequenceLength);
    const outputs = await this.#session.run(inputs);
    const { hidden, logits, newRows, all } = readOutputs(outputs, this.spec, count);
    if (!all.every(isAllFinite)) throw await this.#explainNonFinite();
    const observations = readObservations(
      outputs,
      this.spec,
      this.probe,
      cache.policy.probe,
      count,
    );
    const told = chunk.positions ? { positions: chunk.positions } : {};
    await lease.update({ count, rows: newRows, observations, ...told });
    return { logits, hidden };
  }

  async #explainNonFinite(): Promise<NonFiniteError> {
    const found = await findNonFiniteWeight(this.#source);
    return found
      ? new NonFiniteError(
          `the weight ${found.name} in ${found.place} is not finite; fetch the model again.`,
          { details: { tensor: found.name } },
        )
      : new NonFiniteError(
          'the weights are finite, so the input or the extension overflows float32.',
        );
  }
}

/** The tokens of a chunk whose logits are wanted. */
function outputRows({ outputs }: StepItem<KVCache>, { count }: Chunk, isLast: boolean): Int32Array {
  if (outputs === 'all') return Int32Array.from({ length: count }, (_, i) => i);
  return Int32Array.from(outputs !== 'none' && isLast ? [count - 1] : []);
}

/** Positions of a sequence when an input is read: its tokens, or one more than the largest of their own. */
function reachedBy(chunks: readonly Chunk[], cache: KVCache): number {
  let reached = chunks.reduce((sum, { count }) => sum + count, cache.seen);
  if (chunks[0]!.positions) reached = cache.nextAxisPosition;
  for (const { positions } of chunks) {
    if (positions) reached = positions.reduce((largest, p) => Math.max(largest, p + 1), reached);
  }
  return reached;
}
