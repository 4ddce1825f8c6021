import type { Normaliser } from '@namm/features';

import type { EvictionPolicy } from '@namm/kv-cache';
import { SpectrumCollector } from '@namm/namm';
import { KeyNormCollector } from './key-norm-collector.js';
import type { TrainableSettings } from './trainable-settings.js';

/** `bin`: one mean and variance per feature for all heads, as published; `head`: each head its own. */
export type NormaliserKind = 'bin' | 'head';

/** All kinds of normaliser. */
export const normaliserKinds: readonly NormaliserKind[] = ['bin', 'head'];

/** Measures, under the full cache, what a trainable's features are normalised with. */
export interface Collector {
  /** Keeps everything; feed caches of it. */
  readonly policy: EvictionPolicy;
  /** @throws {InvalidArgumentError} when too little was fed */
  normaliser(kind: NormaliserKind): Normaliser;
}

export function createCollector(settings: TrainableSettings): Collector {
  if (settings.kind === 'key-norm') return new KeyNormCollector(settings.updateInterval);
  const collector = new SpectrumCollector({
    updateInterval: settings.policy.updateInterval,
    decay: settings.features.decay,
    keys: settings.features.keys ?? [],
  });
  return {
    policy: collector.policy,
    normaliser: (kind) => collector.statistics.normaliser(kind === 'bin' ? 'shared' : 'perHead'),
  };
}
