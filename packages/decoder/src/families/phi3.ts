import { commonTraits } from './common-traits.js';
import type { Family } from './family.js';
import { gatedDecoder } from './gated-decoder.js';
import { readWindows } from './read-windows.js';

/** Phi-3, 3.5 and 4-mini: fused matrices, RoPE on part of each head, LongRoPE on the long variants. */
export const phi3: Family = {
  modelType: 'phi3',
  read(config, prefix) {
    const windows = readWindows(config, config.optionalCount('sliding_window'));
    return gatedDecoder(config, prefix, {
      ...commonTraits(config, {
        maximumPositions: 4096,
        trainedPositions: 4096,
        partialRotary: true,
        windows,
      }),
      tiedByDefault: false,
      epsilonDefault: 1e-5,
      fused: true,
    });
  },
};
