import { checkNames, InvalidArgumentError } from '@namm/core';
import {
  checkKeyFeatures,
  hop,
  type KeyFeature,
  type NormaliserScope,
  publishedDecay,
  SpectrumStatistics,
} from '@namm/features';
import type { CacheShape, CacheView, EvictionPolicy, PolicyState } from '@namm/kv-cache';
import type { NammCheckpoint } from './checkpoint/checkpoint.js';
import { keysOf } from './namm-state.js';
import { spectrumProbe } from './spectrum-probe.js';
import { SpectrumTable } from './spectrum-table.js';

/** Options of {@link SpectrumCollector}. */
export interface SpectrumCollectorOptions {
  /** Queries between measurements: the update interval of the NAMM to be normalised. */
  readonly updateInterval: number;
  /** @defaultValue 0.99 */
  readonly decay?: number;
  /** Key features of that NAMM. @defaultValue none */
  readonly keys?: readonly KeyFeature[];
}

/**
 * Measures the statistics that normalise a NAMM's features: the spectra of all tokens at every update under the full
 * cache. Its policy keeps everything. Use it for caches of one model, and read `statistics` when the model has read
 * enough text.
 *
 * @example
 * ```ts
 * const collector = new SpectrumCollector({ updateInterval: 512 });
 * const decoder = await Decoder.load(folder, { probe: collector.policy.probe });
 * for (const ids of texts) {
 *   await decoder.step([{ cache: decoder.createCache({ policy: collector.policy }), input: { ids } }]);
 * }
 * const calibrated = calibrate(checkpoint, collector.statistics); // any text will do, no answers needed
 * ```
 */
export class SpectrumCollector {
  readonly policy: EvictionPolicy;
  readonly #keys: readonly KeyFeature[];
  #statistics: SpectrumStatistics | null = null;

  /** @throws {InvalidArgumentError} when the interval is not a multiple of the hop, 16, or a key feature unknown */
  constructor(options: SpectrumCollectorOptions) {
    checkNames('SpectrumCollector', options, ['updateInterval', 'decay', 'keys']);
    const { updateInterval, decay = publishedDecay, keys = [] } = options;
    checkKeyFeatures(keys);
    this.#keys = keys;
    if (!Number.isSafeInteger(updateInterval) || updateInterval < hop || updateInterval % hop) {
      const problem = `${updateInterval} is not a multiple of the hop, ${hop}`;
      throw new InvalidArgumentError('updateInterval', problem);
    }
    const start = (shape: CacheShape) => {
      const heads = Math.max(...shape.layers.map(({ keyValueHeads }) => keyValueHeads));
      const layers = shape.layers.length;
      this.#statistics ??= new SpectrumStatistics({ layers, heads, keys: keys.length });
      const table = SpectrumTable.create(shape, { storage: 'float32', decay });
      return this.#stateOf(table, updateInterval);
    };
    this.policy = {
      name: 'spectrum-collector',
      settings: { updateInterval, decay },
      probe: spectrumProbe,
      updateInterval,
      keepsEverything: true,
      start,
      restore() {
        throw new InvalidArgumentError('policy', 'a spectrum collector cannot be restored');
      },
    };
  }

  /**
   * The statistics measured so far.
   *
   * @throws {InvalidArgumentError} when nothing was
   */
  get statistics(): SpectrumStatistics {
    if (this.#statistics !== null) return this.#statistics;
    throw new InvalidArgumentError('collector', 'has measured nothing; feed caches of its policy');
  }

  #stateOf(table: SpectrumTable, updateInterval: number): PolicyState {
    return {
      get bytes() {
        return table.bytes;
      },
      observe: (layer, observation) => table.observe(layer, observation),
      spectrumFeeds: (queries) => table.feeds(queries),
      select: async (view) => {
        if (view.seen % updateInterval === 0) this.#measure(view, table);
        return view.shape.layers.map(() => null);
      },
      retain: (kept) => table.retain(kept),
      fork: () => this.#stateOf(table.fork(), updateInterval),
      save() {
        throw new InvalidArgumentError('policy', 'a spectrum collector cannot be saved');
      },
    };
  }

  #measure(view: CacheView, table: SpectrumTable): void {
    for (const [layer, { keyValueHeads }] of view.shape.layers.entries()) {
      for (let head = 0; head < keyValueHeads; head++) {
        const keys = keysOf(view, layer, head, this.#keys);
        this.statistics.add(table.head(layer, head).spectrum(), { layer, head }, keys);
      }
    }
  }
}

/**
 * A checkpoint whose features are normalised with the statistics of another model or text. Scorer and settings stay the
 * same; a head bias is kept if it fits.
 *
 * @param scope `shared`: one mean and variance per frequency, as published; `per-head`: one per head and frequency
 * @defaultValue scope: what the checkpoint has
 * @throws {InvalidArgumentError} when the statistics are insufficient
 */
export function calibrate(
  checkpoint: NammCheckpoint,
  statistics: SpectrumStatistics,
  scope: NormaliserScope = checkpoint.normaliser.shape.length === 1 ? 'shared' : 'per-head',
): NammCheckpoint {
  const provenance = { ...checkpoint.provenance, calibratedOnTokens: statistics.count };
  return { ...checkpoint, normaliser: statistics.normaliser(scope), provenance };
}
