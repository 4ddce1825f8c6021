import { SpectrumCollector } from '@namm/namm';
import type { Collector } from './collector.js';
import { KeyNormCollector } from './key-norm-collector.js';
import type { TrainableSettings } from './trainable-settings.js';

/** The collector for the features of a trainable. */
export function createCollector(settings: TrainableSettings): Collector {
  if (settings.kind === 'key-norm') return new KeyNormCollector(settings.updateInterval);
  const collector = new SpectrumCollector({
    updateInterval: settings.policy.updateInterval,
    decay: settings.features.decay,
    keys: settings.features.keys ?? [],
  });
  return {
    policy: collector.policy,
    normaliser: (scope) => collector.statistics.normaliser(scope),
  };
}
