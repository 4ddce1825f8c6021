import { readRotary } from '../rotary/read-rotary.js';
import type { Family } from './family.js';
import { gatedDecoder, readHeads } from './gated-decoder.js';
import { readQwenWindows } from './read-qwen-windows.js';

/** Qwen3 (dense): a norm on each query and key head before RoPE, and a head size of its own. */
export const qwen3: Family = {
  modelType: 'qwen3',
  read(config, prefix) {
    const { headSize } = readHeads(config, 128);
    const maximumPositions = config.count('max_position_embeddings', 32_768);
    const attentionBias = config.boolean('attention_bias', false);
    const windows = readQwenWindows(config);
    return gatedDecoder(config, prefix, {
      headSize,
      maximumPositions,
      rotary: [readRotary(config, { headSize, base: 10_000, maximumPositions })],
      layer: (index) => ({ window: windows[index]!, rotary: 0 }),
      tiedByDefault: false,
      queryKeyNorm: 'head',
      queryKeyValueBias: attentionBias,
      outputBias: attentionBias,
    });
  },
};
