import { readRotary } from '../rotary/read-rotary.js';
import type { Family } from './family.js';
import { gatedDecoder, readHeads, readLayerCount } from './gated-decoder.js';
import { readWindows } from './read-windows.js';

/** Llama with a sliding window in every layer, unless `sliding_window` is null. */
export const mistral: Family = {
  modelType: 'mistral',
  read(config, prefix) {
    const { headSize } = readHeads(config);
    const maximumPositions = config.count('max_position_embeddings', 131_072);
    const window = config.optionalCountOr('sliding_window', 4096);
    const windows = readWindows(config, readLayerCount(config), window, () => window !== null);
    return gatedDecoder(config, prefix, {
      headSize,
      maximumPositions,
      rotary: [readRotary(config, { headSize, base: 10_000, maximumPositions })],
      layer: (index) => ({ window: windows[index]!, rotary: 0 }),
      tiedByDefault: false,
    });
  },
};
