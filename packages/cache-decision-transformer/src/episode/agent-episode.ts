import { KVCache, type StepOptions } from '@namm/kv-cache';
import { EpisodeInputError, EpisodeLengthError, EpisodeUseError } from '../errors.js';
import type { Network, Step, StepPart } from '../model/network.js';
import { checkNumbers } from './check-numbers.js';
import { type EpisodeMemory, episodeMemory } from './episode-memory.js';
import type { EpisodeSettings } from './episode-options.js';
import { type EpisodeContents, saveEpisode } from './saved-episode.js';

/** An episode and its current state. */
export interface EpisodeItem {
  readonly episode: AgentEpisode;
  /** As the environment gives it, `[stateSize]`. */
  readonly state: ArrayLike<number>;
}

/** The decision of an episode. */
export interface Decision {
  /** Action for the environment, `[actionSize]`: the prediction, or one-hot for discrete actions. */
  readonly action: Float32Array;
  /** The model's prediction, `[actionSize]`. */
  readonly prediction: Float32Array;
}

/** What an act reads, before anything has changed. */
interface Reading {
  readonly episode: AgentEpisode;
  readonly step: Omit<Step, 'action'>;
  readonly cache: KVCache;
  readonly rows: Float32Array;
  /** Tokens of the cache before it. */
  readonly seen: number;
}

/**
 * One episode of a Decision Transformer: call `act` and `observe` alternately. An action is fed together with the next
 * state, once the action really taken is known. Its keys and values are then cached until the policy drops them.
 *
 * @example
 * ```ts
 * const action = await episode.act(state);
 * const result = environment.step(action);
 * episode.observe(result.reward, result.action);
 * ```
 */
export class AgentEpisode {
  readonly #network: Network;
  readonly #settings: EpisodeSettings;
  readonly #cache: KVCache;
  #history: readonly Step[];
  #steps: number;
  #returnToGo: number;
  #awaits: 'state' | 'reward';
  #isBusy = false;
  #end: { readonly reason: string; readonly cause?: unknown } | null = null;

  /** Episodes are made by a {@link DecisionTransformer}. */
  constructor(network: Network, cache: KVCache, contents: EpisodeContents) {
    this.#network = network;
    this.#cache = cache;
    this.#settings = contents.settings;
    this.#history = contents.history;
    this.#steps = contents.steps;
    this.#returnToGo = contents.returnToGo;
    this.#awaits = contents.awaits;
  }

  /** An episode that has not begun. */
  static begin(network: Network, cache: KVCache, settings: EpisodeSettings): AgentEpisode {
    const returnToGo = settings.targetReturn;
    return new AgentEpisode(network, cache, {
      ...{ settings, returnToGo, steps: 0, awaits: 'state', history: [] },
    });
  }

  /** Acts in several episodes; see {@link DecisionTransformer.step}. */
  static async step(
    network: Network,
    items: readonly EpisodeItem[],
    options: StepOptions = {},
  ): Promise<Decision[]> {
    const readings = items.map(({ episode, state }) => episode.#read(network, state));
    if (new Set(items.map(({ episode }) => episode)).size < items.length) {
      throw new EpisodeUseError('An episode is among the items twice; it acts once per step.');
    }
    for (const { episode } of readings) episode.#isBusy = true;
    try {
      const results = await network.decoder.step(
        readings.map(({ cache, rows }) => ({ cache, input: { embeddings: rows } })),
        options,
      );
      return readings.map((reading, i) => reading.episode.#decide(reading, results[i]!.hidden));
    } catch (cause) {
      for (const reading of readings) reading.episode.#noticeFailure(reading, cause);
      throw cause;
    } finally {
      for (const { episode, cache } of readings) {
        episode.#isBusy = false;
        if (cache !== episode.#cache) await cache.release();
      }
    }
  }

  /** The rows that it holds, for viewers. Empty with a recomputed window. */
  get cache(): KVCache {
    return this.#cache;
  }

  /** Steps that have begun. */
  get steps(): number {
    return this.#steps;
  }

  /** Remaining target return, in the environment's units. */
  get returnToGo(): number {
    return this.#returnToGo;
  }

  /**
   * Reads a state and chooses the action.
   *
   * @param state as the environment gives it, `[stateSize]`
   * @returns the action for the environment, `[actionSize]`; one-hot if discrete
   * @throws {EpisodeInputError} when the state has another size or a number is not finite; nothing has changed
   * @throws {EpisodeLengthError} beyond the table of timesteps, unless `timesteps` says otherwise
   * @throws {EpisodeUseError} when the reward of the last action was not observed, or the episode is over
   * @throws {NonFiniteError} when the model computes NaN or infinity
   * @throws whatever a policy throws
   */
  async act(state: ArrayLike<number>): Promise<Float32Array> {
    const [decision] = await AgentEpisode.step(this.#network, [{ episode: this, state }]);
    return decision!.action;
  }

  /**
   * Reports the result of the last action.
   *
   * @param reward in the environment's units
   * @param action the action really taken, if it differs from what {@link act} chose
   * @throws {EpisodeInputError} when a number is not finite, or the action has another size; nothing has changed
   * @throws {EpisodeUseError} when there was no action since the last reward, or the episode is over
   */
  observe(reward: number, action?: ArrayLike<number>): void {
    this.#mustBe('reward', 'observe');
    if (typeof reward !== 'number' || !Number.isFinite(reward)) {
      throw new EpisodeInputError(`The reward is ${String(reward)}; end the episode.`);
    }
    if (action !== undefined) {
      const done = checkNumbers('action', action, this.#network.spec.actionSize);
      const last = this.#history.at(-1)!;
      const corrected = { ...last, action: Float32Array.from(done) };
      this.#history = [...this.#history.slice(0, -1), corrected];
    }
    this.#returnToGo -= reward;
    this.#awaits = 'state';
  }

  /** What it holds, and the memory that takes. */
  memory(): EpisodeMemory {
    const { stateSize, actionSize } = this.#network.spec;
    const perStep = 4 * (stateSize + actionSize + 1) + 8;
    return episodeMemory(this.#cache, perStep * this.#history.length);
  }

  /**
   * A second episode with the same past, independent from now on; it shares the current rows.
   *
   * @throws {EpisodeUseError} while it acts, or when it is over
   */
  fork(): AgentEpisode {
    this.#mustBe(null, 'fork');
    return new AgentEpisode(this.#network, this.#cache.fork(), this.#contents());
  }

  /**
   * Writes the episode to a file, atomically; {@link DecisionTransformer.restoreEpisode} continues from it exactly as
   * this episode would.
   *
   * @throws {CacheSaveError} when the file cannot be written
   * @throws {EpisodeUseError} while it acts, or when it is over
   */
  async save(path: string): Promise<void> {
    this.#mustBe(null, 'save');
    await this.#cache.save(path, saveEpisode(this.#contents(), this.#network.spec));
  }

  /**
   * Frees its rows. A second call does nothing.
   *
   * @throws {EpisodeUseError} while it acts
   */
  async release(): Promise<void> {
    if (this.#isBusy)
      throw new EpisodeUseError('release: the episode is acting; await that first.');
    this.#end ??= { reason: 'was released' };
    this.#history = [];
    await this.#cache.release();
  }

  #contents(): EpisodeContents {
    return {
      settings: this.#settings,
      steps: this.#steps,
      returnToGo: this.#returnToGo,
      awaits: this.#awaits,
      history: this.#history,
    };
  }

  #read(network: Network, state: ArrayLike<number>): Reading {
    if (network !== this.#network) {
      throw new EpisodeUseError('act: the episode belongs to another model.');
    }
    this.#mustBe('state', 'act');
    const { window, returnScale } = this.#settings;
    const step = {
      state: this.#normalise(state),
      returnToGo: this.#returnToGo / returnScale,
      timestep: this.#timestep(),
    };
    const past = newest(this.#history, window === null ? 1 : window - 1);
    const parts = past.flatMap((known): StepPart[] => {
      const action: StepPart = { part: 'action', step: known };
      return window === null ? [action] : [{ part: 'before', step: known }, action];
    });
    const rows = network.embed([...parts, { part: 'before', step }]);
    const cache = window === null ? this.#cache : new KVCache(network.cacheShape);
    return { episode: this, step, cache, rows, seen: cache.seen };
  }

  #decide({ step }: Reading, hidden: Float32Array): Decision {
    const prediction = this.#network.predictActions(hidden);
    const action =
      this.#settings.actions === 'continuous' ? prediction.slice() : oneHotOfGreatest(prediction);
    const held = this.#settings.window ?? 1;
    // A copy, since the caller may change the array.
    this.#history = newest([...this.#history, { ...step, action: action.slice() }], held);
    this.#steps++;
    this.#awaits = 'reward';
    return { action, prediction };
  }

  /** A step that failed half way has left tokens in the cache that belong to no action. */
  #noticeFailure({ cache, seen }: Reading, cause: unknown): void {
    if (cache !== this.#cache || cache.seen === seen) return;
    this.#end = { reason: 'failed while it acted; continue from a saved one', cause };
  }

  #normalise(state: ArrayLike<number>): Float32Array {
    const numbers = checkNumbers('state', state, this.#network.spec.stateSize);
    const { normalisation } = this.#settings;
    if (normalisation === null) return Float32Array.from(numbers);
    const { mean, deviation } = normalisation;
    const scaled = numbers.map((value, i) => (value - mean[i]!) / deviation[i]!);
    return Float32Array.from(checkNumbers('normalised state', scaled, numbers.length));
  }

  #timestep(): number {
    const { timesteps: rows } = this.#network.spec;
    switch (this.#settings.timesteps) {
      case 'constant':
        return 0;
      case 'clamped':
        return Math.min(this.#steps, rows - 1);
      case 'absolute':
        if (this.#steps < rows) return this.#steps;
        throw new EpisodeLengthError(this.#steps, rows);
    }
  }

  #mustBe(awaits: 'state' | 'reward' | null, call: string): void {
    if (this.#end !== null) {
      const { reason, cause } = this.#end;
      throw new EpisodeUseError(`${call}: the episode ${reason}.`, cause ? { cause } : {});
    }
    if (this.#isBusy) {
      throw new EpisodeUseError(`${call}: the episode is acting; await that first.`);
    }
    if (awaits === null || awaits === this.#awaits) return;
    const missing = this.#awaits === 'reward' ? 'the reward of its last action' : 'an action';
    throw new EpisodeUseError(`${call}: the episode awaits ${missing} first.`);
  }
}

/** The last `count` of a list, or all of it. */
function newest<T>(list: readonly T[], count: number): readonly T[] {
  return list.slice(Math.max(0, list.length - count));
}

/** Of equal numbers the first. */
function oneHotOfGreatest(prediction: Float32Array): Float32Array {
  const greatest = prediction.reduce((best, value, i) => (value > prediction[best]! ? i : best), 0);
  return prediction.map((_, i) => (i === greatest ? 1 : 0));
}
