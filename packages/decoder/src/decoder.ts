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
import { isAllFinite } from './is-all-finite.js';
import { requireProbe } from './probes/require-probe.js';
import { discard } from './runtime/discard.js';
import { checkSource } from './source/check-source.js';
import { findNonFiniteWeight } from './source/find-non-finite-weight.js';
import type { ModelSource } from './source/model-source.js';
import { openModel } from './source/open-model.js';
import { cacheShape } from './spec/cache-shape.js';
import { checkSpec } from './spec/check-spec.js';
import type { DecoderSpec } from './spec/decoder-spec.js';
import { checkPositionLimit } from './step/check-position-limit.js';
import { checkCompactPositions, makeRoom } from './step/compact-positions.js';
import type { ForwardPass, Part } from './step/forward-pass.js';
import { joinResults } from './step/join-results.js';
import { loadForwardPass } from './step/load-forward-pass.js';
import { planPasses } from './step/plan-passes.js';
import { type Chunk, readChunks } from './step/read-chunks.js';

/**
 * A decoder, usually a language model from a Hugging Face folder. It holds only weights: keys and values are in caches
 * that the caller owns.
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
  /** What the graph reports about the attention. */
  readonly probe: Probe;
  readonly chunkSize: number;
  /** Shape of the caches that fit this model. */
  readonly cacheShape: CacheShape;
  readonly #source: ModelSource;
  readonly #pass: ForwardPass;

  private constructor(
    source: ModelSource,
    pass: ForwardPass,
    probe: Probe,
    chunkSize: number,
    shape: CacheShape,
  ) {
    const { spec } = source;
    this.#source = source;
    this.#pass = pass;
    this.spec = spec;
    this.probe = probe;
    this.chunkSize = chunkSize;
    this.cacheShape = shape;
  }

  /**
   * Loads a model.
   *
   * @param model folder with `config.json` and `.safetensors` weights (F32, F16, BF16 or F64); a GGUF file, or a folder
   *   that holds one; or any other model: a spec and weights
   * @param options how to run it
   * @throws {ModelFolderError | FileFormatError} when a file is missing, damaged or not supported
   * @throws {InvalidArgumentError} when an option or the spec is invalid
   * @throws {RuntimeFailure} when ONNX Runtime refuses the model
   */
  static async load(model: string | ModelSource, options: DecoderOptions = {}): Promise<Decoder> {
    const { probe, chunkSize, dtype, cacheDtype, ...how } = checkOptions(options);
    const opened = typeof model === 'string' ? await openModel(model) : checkSource(model);
    checkSpec(opened.spec);
    const source = { ...opened, spec: applyOptions(opened.spec, options) };
    const { pass, areFewBits } = await loadForwardPass(source, {
      ...{ probe, dtype, cacheDtype },
      ...how,
    });
    // Rows that were computed with rounded weights are another model's.
    const rounding = areFewBits ? dtype : null;
    const shape = { ...cacheShape(source.spec, source.digest, rounding), dtype: cacheDtype };
    return new Decoder(source, pass, probe, chunkSize, shape);
  }

  /**
   * An empty cache for one sequence.
   *
   * @param options its policy and positions
   * @throws {CacheUseError} when compact positions are requested, but this model does not support them
   * @throws {InvalidArgumentError} for a bad option, or a policy that this model does not support
   */
  createCache(options?: KVCacheOptions): KVCache {
    if (options !== undefined && hasCompactPositions(options)) checkCompactPositions(this.spec);
    return new KVCache(this.cacheShape, options);
  }

  /**
   * Restores a cache that `cache.save(path)` wrote for this model; it gives the same tokens as the saved one.
   *
   * @param path of the file
   * @param options the policy that it was saved with, and optionally a recorder
   * @throws {FileFormatError} when the file cannot be read, is truncated or is not a saved cache
   * @throws {CacheMismatchError} when it was saved with another model, policy or settings
   */
  async restoreCache(
    path: string,
    options?: Pick<KVCacheOptions, 'policy' | 'recorder'>,
  ): Promise<KVCache> {
    return KVCache.restore(path, this.cacheShape, options);
  }

  /**
   * Feeds each sequence its new tokens, in chunks of `chunkSize`; after each chunk the new rows are in the cache and
   * its policy has evicted. With `passes: 'layers'` the items go through the layers together. All input is checked
   * before anything is computed. Caches with compact positions take input of any length: before a chunk that would
   * exceed the limit, their gaps are closed.
   *
   * @param items each with a cache, its new tokens, and the requested outputs
   * @param options progress and cancellation
   * @returns the requested outputs of each item
   * @throws {DecoderInputError | PositionLimitError | CacheUseError} when an item cannot be fed; all caches
   *   are then unchanged
   * @throws {PositionLimitError} also when a cache with compact positions holds so much that closing gaps does not make
   *   room for a chunk; earlier chunks are then in the cache
   * @throws {CacheBusyError} when a cache is in use elsewhere; the step locks its caches
   * @throws {NonFiniteError} when the model computes NaN or infinity; the chunks of that pass are then not in any
   *   cache, earlier ones are
   * @throws whatever a policy throws; the chunk is then in the cache, nothing is evicted, and from then on the cache
   *   can only be read; caches of earlier items are updated, those of later ones are not
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
      const ends = items.map(({ cache }, i) => reachedBy(chunks[i]!, cache));
      const outputs = items.map((): StepResult[] => []);
      const rowsAtOnce = this.#pass.takesMany ? this.chunkSize : 0;
      for (const places of planPasses(chunks, rowsAtOnce)) {
        options.signal?.throwIfAborted();
        const parts = places.map(({ item, index }): Part => {
          const { cache } = items[item]!;
          const chunk = chunks[item]![index]!;
          const isLast = index === chunks[item]!.length - 1;
          const rows = outputRows(items[item]!, chunk, isLast);
          const part = { cache, chunk, moreFollows: !isLast, outputRows: rows };
          if (hasCompactPositions(cache.shape)) {
            makeRoom(this.spec, cache, leases[item]!, chunk.count);
            const sequenceLength = cache.nextPosition + chunk.count;
            return { ...part, sequenceLength };
          }
          return { ...part, sequenceLength: ends[item]! };
        });
        const results = await this.#forward(
          parts,
          places.map(({ item }) => leases[item]!),
        );
        for (const [i, { item }] of places.entries()) outputs[item]!.push(results[i]!);
        done += parts.reduce((sum, { chunk }) => sum + chunk.count, 0);
        options.onProgress?.({ stage: 'tokens', done, total });
      }
      return outputs.map(joinResults);
    } finally {
      for (const lease of leases) lease.release();
    }
  }

  /** Frees the weights. The decoder cannot be used afterwards; its caches can still be read. */
  async release(): Promise<void> {
    await this.#pass.release();
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
    const { dtype: held = 'fp32' } = cache.shape;
    const { dtype = 'fp32' } = this.cacheShape;
    if (held !== dtype) {
      const problem = `holds keys and values in ${held}, where this decoder reads ${dtype}`;
      throw new CacheUseError(
        `The cache ${problem}; use createCache of this one, or its cacheDtype.`,
      );
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

  /** Computes a pass, and updates its caches in turn. */
  async #forward(parts: readonly Part[], leases: readonly CacheLease[]): Promise<StepResult[]> {
    const results = await this.#pass.run(parts);
    for (const { all } of results) {
      if (!all.every(isAllFinite)) throw await this.#explainNonFinite();
    }
    for (const [i, { newRows: rows, states, observations, rowMemory }] of results.entries()) {
      const { chunk, moreFollows } = parts[i]!;
      const { count, positions } = chunk;
      const told = positions ? { positions } : {};
      await leases[i]!.update({ count, rows, states, observations, moreFollows, ...told });
      if (rowMemory) discard(rowMemory);
    }
    return results.map(({ logits, hidden }) => ({ logits, hidden }));
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
