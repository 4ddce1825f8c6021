import { commonTraits } from './common-traits.js';
import type { Family } from './family.js';
import { gatedDecoder } from './gated-decoder.js';
import { readWindows } from './read-windows.js';

/** Llama with a sliding window in every layer, unless `sliding_window` is null. */
export const mistral: Family = {
  modelType: 'mistral',
  read(config, prefix) {
    const windows = readWindows(config, config.optionalCountOr('sliding_window', 4096));
    return gatedDecoder(config, prefix, {
      ...commonTraits(config, { maximumPositions: 131_072, windows }),
      tiedByDefault: false,
    });
  },
};
