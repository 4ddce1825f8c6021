import { readRotary } from '../rotary/read-rotary.js';
import type { Family } from './family.js';
import { gatedDecoder, readHeads, readLayerCount } from './gated-decoder.js';
import { readWindows } from './read-windows.js';

/** Phi-3, 3.5 and 4-mini: fused matrices, RoPE on part of each head, LongRoPE on the long variants. */
export const phi3: Family = {
  modelType: 'phi3',
  read(config, prefix) {
    const { headSize } = readHeads(config);
    const maximumPositions = config.count('max_position_embeddings', 4096);
    const window = config.optionalCount('sliding_window');
    const windows = readWindows(config, readLayerCount(config), window, () => window !== null);
    return gatedDecoder(config, prefix, {
      headSize,
      maximumPositions,
      rotary: [readRotary(config, { headSize, base: 10_000, maximumPositions })],
      layer: (index) => ({ window: windows[index]!, rotary: 0 }),
      tiedByDefault: false,
      epsilonDefault: 1e-5,
      fused: true,
    });
  },
};
