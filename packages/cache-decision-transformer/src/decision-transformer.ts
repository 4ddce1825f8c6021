import { checkNames } from '@namm/core';
import { type DecoderOptions, openModelFolder } from '@namm/decoder';
import {
  type CacheShape,
  KVCache,
  type KVCacheOptions,
  type Probe,
  type StepOptions,
} from '@namm/kv-cache';
import { type AgentSettings, readAgentSettings } from './agent-settings.js';
import { AgentEpisode, type Decision, type EpisodeItem } from './episode/agent-episode.js';
import { checkEpisodeOptions, type EpisodeOptions } from './episode/episode-options.js';
import { readEpisode } from './episode/saved-episode.js';
import { loadNetwork } from './model/load-network.js';
import type { Network, StepPart } from './model/network.js';
import { readTransformerSpec } from './model/read-transformer-spec.js';
import { stepsOf, type Trajectory } from './model/trajectory.js';
import type { TransformerSpec } from './model/transformer-spec.js';
import type { RowKind } from './row-kinds.js';

/** Options of {@link DecisionTransformer.load}. */
export interface DecisionTransformerOptions
  extends Pick<DecoderOptions, 'probe' | 'chunkSize' | 'runtime'> {
  /**
   * Compute threads. These models are so small that more threads would only wait for each other.
   * @defaultValue 1
   */
  readonly threads?: number;
}

/** A model's predictions for whole steps, one row per step. */
export interface Predictions {
  /** Hidden states of all tokens after the last norm, `[steps · tokens per step, hiddenSize]`. */
  readonly hidden: Float32Array;
  /** Actions, read from the tokens of states, `[steps, actionSize]`. */
  readonly actions: Float32Array;
  /** Next states, read from the tokens of actions, `[steps, stateSize]`. */
  readonly states: Float32Array;
  /** Next returns-to-go, read from the tokens of actions, `[steps]`. */
  readonly returns: Float32Array;
}

/**
 * A Decision Transformer from a Hugging Face folder (`decision_transformer`), with caches whose policies decide what is
 * forgotten. A token's time is part of its row, and nothing depends on positions in the cache, so evicting rows does
 * not change the remaining ones.
 *
 * @example
 * ```ts
 * const policy = h2o({ budget: 60 });
 * const transformer = await DecisionTransformer.load('models/hopper', { probe: policy.probe });
 * const episode = transformer.createEpisode({ policy, targetReturn: 3600, returnScale: 1000, normalisation });
 * for (let state = environment.reset(7), over = false; !over; ) {
 *   const result = environment.step(await episode.act(state));
 *   episode.observe(result.reward, result.action);
 *   state = result.observation;
 *   over = result.terminated || result.truncated;
 * }
 * ```
 */
export class DecisionTransformer {
  /** Contents of the folder's `agent.json`; null if it has none. */
  readonly agent: AgentSettings | null;
  readonly #network: Network;

  private constructor(network: Network, agent: AgentSettings | null) {
    this.#network = network;
    this.agent = agent;
  }

  /**
   * Loads a model.
   *
   * @param folder with `config.json`, `.safetensors` weights and optionally an `agent.json`
   * @param options how to run it; the probe must be that of the policies you will use
   * @throws {ModelFolderError | FileFormatError} when a file is missing, damaged or not supported
   * @throws {InvalidArgumentError} for a bad option
   */
  static async load(
    folder: string,
    options: DecisionTransformerOptions = {},
  ): Promise<DecisionTransformer> {
    checkNames('DecisionTransformer.load', options, ['probe', 'chunkSize', 'runtime', 'threads']);
    const network = await loadNetwork(folder, { threads: 1, ...options });
    try {
      return new DecisionTransformer(
        network,
        await readAgentSettings(folder, network.spec.stateSize),
      );
    } catch (cause) {
      await network.decoder.release();
      throw cause;
    }
  }

  /**
   * Reads the spec of a model without its weights.
   *
   * @param folder as of {@link load}
   * @throws {ModelFolderError | FileFormatError} when the folder does not hold a Decision Transformer
   */
  static async readSpec(folder: string): Promise<TransformerSpec> {
    return readTransformerSpec(await openModelFolder(folder)).spec;
  }

  get spec(): TransformerSpec {
    return this.#network.spec;
  }

  /** What it reports about the attention. */
  get probe(): Probe {
    return this.#network.decoder.probe;
  }

  /** Tokens of a step, in order: token n of a cache is of kind `rowKinds[n % rowKinds.length]`. */
  get rowKinds(): readonly RowKind[] {
    return this.#network.rowKinds;
  }

  /** Shape of the caches that fit it. */
  get cacheShape(): CacheShape {
    return this.#network.cacheShape;
  }

  /**
   * Starts an episode.
   *
   * @param options how it is run
   * @throws {InvalidArgumentError} for a bad option, or a policy that cannot serve this model
   */
  createEpisode(options: EpisodeOptions = {}): AgentEpisode {
    const settings = checkEpisodeOptions(options, this.spec, this.agent);
    return AgentEpisode.begin(this.#network, this.createCache(cacheOptions(options)), settings);
  }

  /**
   * Restores an episode that `episode.save(path)` wrote for this model; it continues exactly as the saved one would
   * have.
   *
   * @param options the policy that it was saved with, and optionally a recorder
   * @throws {FileFormatError} when the file cannot be read, is truncated or does not hold an episode
   * @throws {CacheMismatchError} when it was saved with another model or policy
   */
  async restoreEpisode(
    path: string,
    options: Pick<EpisodeOptions, 'policy' | 'recorder'> = {},
  ): Promise<AgentEpisode> {
    checkNames('restoreEpisode', options, ['policy', 'recorder']);
    const { cache, attached } = await KVCache.restoreAttached(path, this.cacheShape, options);
    return new AgentEpisode(this.#network, cache, readEpisode(path, attached, this.spec));
  }

  /**
   * Acts in several episodes at once. Each acts as it would alone. All states are checked before anything is computed.
   *
   * @param items episodes and their states
   * @returns the decision of each
   * @throws as {@link AgentEpisode.act}; episodes that have not acted yet are then unchanged, and can act again
   */
  step(items: readonly EpisodeItem[], options: StepOptions = {}): Promise<Decision[]> {
    return AgentEpisode.step(this.#network, items, options);
  }

  /**
   * An empty cache, for {@link read}.
   *
   * @throws {InvalidArgumentError} for a bad option, or a policy that cannot serve this model
   */
  createCache(options: Pick<KVCacheOptions, 'policy' | 'recorder'> = {}): KVCache {
    checkNames('createCache', options, ['policy', 'recorder']);
    return new KVCache(this.cacheShape, options);
  }

  /**
   * Reads whole steps of a known trajectory into a cache; its policy evicts along the way.
   *
   * @param cache of this model, containing only whole steps so far
   * @param trajectory the steps
   * @throws {EpisodeInputError} when sizes do not match or a number is not finite; the cache is unchanged
   * @throws {CacheUseError} when the cache is not of this model, or its policy needs another probe
   */
  async read(
    cache: KVCache,
    trajectory: Trajectory,
    options: StepOptions = {},
  ): Promise<Predictions> {
    const network = this.#network;
    const steps = stepsOf(trajectory, this.spec);
    const embeddings = network.embed(
      steps.flatMap((step): StepPart[] => [
        { part: 'before', step },
        { part: 'action', step },
      ]),
    );
    const item = { cache, input: { embeddings }, outputs: 'all' } as const;
    const [result] = await network.decoder.step([item], options);
    const { hidden } = result!;
    const ofStates = this.#rowsOf(hidden, 'state');
    const ofActions = this.#rowsOf(hidden, 'action');
    return {
      hidden,
      actions: network.predictActions(ofStates),
      states: network.predictStates(ofActions),
      returns: network.predictReturns(ofActions),
    };
  }

  /** Frees the weights. Episodes can then no longer act. */
  async release(): Promise<void> {
    await this.#network.decoder.release();
  }

  /** The hidden states of one kind of token. */
  #rowsOf(hidden: Float32Array, kind: RowKind): Float32Array {
    const { hiddenSize } = this.spec.backbone;
    const period = this.rowKinds.length;
    const steps = hidden.length / hiddenSize / period;
    const rows = new Float32Array(steps * hiddenSize);
    for (let step = 0; step < steps; step++) {
      const start = (step * period + this.rowKinds.indexOf(kind)) * hiddenSize;
      rows.set(hidden.subarray(start, start + hiddenSize), step * hiddenSize);
    }
    return rows;
  }
}

/** Without names that are there and undefined. */
function cacheOptions({ policy, recorder }: EpisodeOptions) {
  return { ...(policy && { policy }), ...(recorder && { recorder }) };
}
