import { attentionBias, commonTraits } from './common-traits.js';
import type { Family } from './family.js';
import { gatedDecoder } from './gated-decoder.js';
import { readQwenWindows } from './read-windows.js';

/** Qwen3 (dense): a norm on each query and key head before RoPE, and a head size of its own. */
export const qwen3: Family = {
  modelType: 'qwen3',
  read: (config, prefix) =>
    gatedDecoder(config, prefix, {
      ...commonTraits(config, {
        headSize: 128,
        maximumPositions: 32_768,
        windows: readQwenWindows(config),
      }),
      ...attentionBias(config),
      tiedByDefault: false,
      queryKeyNorm: 'head',
    }),
};
