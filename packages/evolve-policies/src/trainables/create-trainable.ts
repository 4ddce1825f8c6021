import type { Normaliser } from '@namm/features';

import { keyNormTrainable } from './key-norm-trainable.js';
import { nammTrainable } from './namm-trainable.js';
import type { Trainable } from './trainable.js';
import type { TrainableSettings } from './trainable-settings.js';

/** What the settings describe, with statistics from `createCollector`. */
export function createTrainable(settings: TrainableSettings, normaliser: Normaliser): Trainable {
  return settings.kind === 'namm'
    ? nammTrainable(settings, normaliser)
    : keyNormTrainable(settings, normaliser);
}
