import type { MeasureOptions, TableModel } from '../table/measure-rows.js';

type Load = MeasureOptions['loadModel'];

/** Keeps what one model is loaded as, for one setting and every probe, until another setting is asked for. */
export class HeldModels {
  #setting = '';
  readonly #models = new Map<string, Promise<TableModel>>();

  /**
   * Loads like `load`, unless it is held; what it gives stays when its user releases it.
   *
   * @param model what `load` opens, by a name of its own
   */
  loader(model: string, load: Load): Load {
    return async (setting, options) => {
      const { probe, chunkSize } = options;
      const wanted = JSON.stringify([model, setting, chunkSize]);
      if (wanted !== this.#setting) await this.release();
      this.#setting = wanted;
      const key = JSON.stringify(probe);
      const loading = this.#models.get(key) ?? load(setting, options);
      this.#models.set(key, loading);
      const held = await loading;
      return {
        cacheShape: held.cacheShape,
        createCache: (of) => held.createCache(of),
        step: (items, how) => held.step(items, how),
        release: async () => {},
      };
    };
  }

  /** Frees all that is held. */
  async release(): Promise<void> {
    const held = [...this.#models.values()];
    this.#models.clear();
    for (const model of await Promise.allSettled(held)) {
      if (model.status === 'fulfilled') await model.value.release();
    }
  }
}
