import { checkNames, InvalidArgumentError } from '@namm/core';
import type { EvictionPolicy, KVCache, Probe, SequenceModel, StepOptions } from '@namm/kv-cache';
import type { AnsweringModel } from './score-samples.js';

/** What of a model is needed here. */
type Model = Pick<
  SequenceModel<KVCache, EvictionPolicy>,
  'cacheShape' | 'chunkSize' | 'probe' | 'createCache' | 'step' | 'release'
>;

/**
 * One model for policies with different probes. It is loaded once for each kind of probe, when first needed, and each
 * cache is stepped by the instance that its policy needs. A fork can move a cache from one instance to another.
 *
 * @example
 * ```ts
 * const models = new ModelPerProbe((probe) => Decoder.load(folder, { probe }));
 * const cache = await models.createCache({ policy: tova({ budget: '25%' }) });
 * await models.step([{ cache, input: { ids } }]);
 * await models.release();
 * ```
 */
export class ModelPerProbe<Loaded extends Model = Model> implements AnsweringModel {
  readonly #load: (probe: Probe) => Promise<Loaded>;
  readonly #models = new Map<string, Promise<Loaded>>();

  /** @param load opens the model with a probe */
  constructor(load: (probe: Probe) => Promise<Loaded>) {
    this.#load = load;
  }

  /** The model with a probe. */
  of(probe: Probe): Promise<Loaded> {
    const key = JSON.stringify(probe);
    const known = this.#models.get(key) ?? this.#load(probe);
    this.#models.set(key, known);
    return known;
  }

  async createCache(options: Parameters<Model['createCache']>[0] = {}): Promise<KVCache> {
    checkNames('createCache', options, ['policy', 'keepOutsideWindow', 'positions', 'decideAfter']);
    const model = await this.of(options.policy?.probe ?? { kind: 'none' });
    return model.createCache(options);
  }

  /** @throws {InvalidArgumentError} when the policies of the caches ask for different probes */
  async step(items: Parameters<Model['step']>[0], options: StepOptions = {}) {
    checkNames('step', options, ['onProgress', 'signal']);
    const probes = new Set(items.map(({ cache }) => JSON.stringify(cache.policy.probe)));
    if (probes.size !== 1) {
      const problem = `are of ${probes.size} kinds of probes; step those of each kind by themselves`;
      throw new InvalidArgumentError('items', problem);
    }
    const model = await this.of(items[0]!.cache.policy.probe);
    return model.step(items, options);
  }

  /** Frees everything loaded; instances needed later are loaded again. */
  async release(): Promise<void> {
    const loaded = [...this.#models.values()];
    this.#models.clear();
    for (const model of loaded) await (await model).release();
  }
}
