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
import { readSpec } from './families/read-spec.js';
import { buildGraph } from './graph/build-graph.js';
import { names } from './graph/names.js';
import { readObservations } from './probes/read-observations.js';
import { requireProbe } from './probes/require-probe.js';
import { OrtSession } from './runtime/ort-session.js';
import { findNonFiniteTensor } from './source/find-non-finite-weight.js';
import { type ModelFolder, openModelFolder } from './source/model-folder.js';
import { cacheShape } from './spec/cache-shape.js';
import type { DecoderSpec } from './spec/decoder-spec.js';
import { checkPositionLimit } from './step/check-position-limit.js';
import { checkCompactPositions, makeRoom } from './step/compact-positions.js';
import { type Chunk, ForwardInputs } from './step/forward-inputs.js';
import { isAllFinite } from './step/is-all-finite.js';
import { readChunks } from './step/read-chunks.js';

/**
 * A decoder-only language model from a Hugging Face folder. It holds weights and no sequence: keys and
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
  readonly #folder: ModelFolder;
  readonly #session: OrtSession;
  readonly #inputs: ForwardInputs;

  private constructor(
    folder: ModelFolder,
    spec: DecoderSpec,
    session: OrtSession,
    probe: Probe,
    chunkSize: number,
  ) {
    this.#folder = folder;
    this.#session = session;
    this.#inputs = new ForwardInputs(spec, probe);
    this.spec = spec;
    this.probe = probe;
    this.chunkSize = chunkSize;
    this.cacheShape = cacheShape(spec, folder.digest);
  }

  /**
   * Loads a model.
   *
   * @param path folder with `config.json` and `.safetensors` weights (F32, F16 or BF16)
   * @throws {ModelFolderError | FileFormatError} when a file is missing, damaged or not supported
   * @throws {InvalidArgumentError} when an option is out of range
   * @throws {RuntimeFailure} when ONNX Runtime refuses the model
   */
  static async load(path: string, options: DecoderOptions = {}): Promise<Decoder> {
    const { probe, chunkSize, threads } = checkOptions(options);
    const folder = await openModelFolder(path);
    const read = readSpec(folder.config, (name) => folder.tensors.has(name));
    const spec = applyOptions(read, options);
    const graph = await buildGraph(folder, spec, probe);
    const session = await OrtSession.create(graph, { threads });
    return new Decoder(folder, spec, session, probe, chunkSize);
  }

  /**
   * An empty cache for one sequence.
   *
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
    const chunks = items.map((item) => this.#check(item));
    const total = chunks.flat().reduce((sum, { count }) => sum + count, 0);
    let done = 0;
    const leases: CacheLease[] = [];
    try {
      for (const { cache } of items) leases.push(cache.lease('a step of the decoder'));
      const results: StepResult[] = [];
      for (const [i, item] of items.entries()) {
        const { cache } = item;
        const sequenceEnd = chunks[i]!.reduce((sum, { count }) => sum + count, cache.seen);
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
    const grid = { seen: cache.seen, size: this.chunkSize, interval };
    const chunks = readChunks(this.spec, input, grid);
    if (hasCompactPositions(cache.shape)) {
      checkCompactPositions(this.spec);
      return chunks;
    }
    checkPositionLimit(
      this.spec,
      chunks.reduce((sum, { count }) => sum + count, cache.seen),
    );
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
    const logits = outputs.get(names.logits)!;
    const newRows = this.spec.layers.map((_, layer) => ({
      keys: outputs.get(names.keys(layer))!,
      values: outputs.get(names.values(layer))!,
    }));
    const arrays = [logits, ...newRows.flatMap(({ keys, values }) => [keys, values])];
    if (!arrays.every(isAllFinite)) throw await this.#explainNonFinite();
    const observations = readObservations(
      outputs,
      this.spec,
      this.probe,
      cache.policy.probe,
      count,
    );
    await lease.update({ count, rows: newRows, observations });
    return { logits, hidden: outputs.get(names.hidden)! };
  }

  async #explainNonFinite(): Promise<NonFiniteError> {
    const tensor = await findNonFiniteTensor(this.#folder);
    return tensor
      ? new NonFiniteError(
          `the weight ${tensor} in ${this.#folder.path} is not finite; fetch the folder again.`,
          { details: { tensor } },
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

function joinResults(parts: readonly StepResult[]): StepResult {
  if (parts.length === 1) return parts[0]!;
  return {
    logits: join(parts.map(({ logits }) => logits)),
    hidden: join(parts.map(({ hidden }) => hidden)),
  };
}

function join(parts: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}
