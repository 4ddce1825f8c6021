import { commonTraits } from './common-traits.js';
import type { Family } from './family.js';
import { gatedDecoder } from './gated-decoder.js';
import { readQwenWindows } from './read-windows.js';

/** Qwen2 and 2.5: Llama with biases on queries, keys and values. */
export const qwen2: Family = {
  modelType: 'qwen2',
  read: (config, prefix) =>
    gatedDecoder(config, prefix, {
      ...commonTraits(config, { maximumPositions: 32_768, windows: readQwenWindows(config) }),
      tiedByDefault: false,
      queryKeyValueBias: true,
    }),
};
