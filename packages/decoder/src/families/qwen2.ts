import { readRotary } from '../rotary/read-rotary.js';
import type { Family } from './family.js';
import { gatedDecoder, readHeads } from './gated-decoder.js';
import { readQwenWindows } from './read-qwen-windows.js';

/** Qwen2 and 2.5: Llama with biases on queries, keys and values. */
export const qwen2: Family = {
  modelType: 'qwen2',
  read(config, prefix) {
    const { headSize } = readHeads(config);
    const maximumPositions = config.count('max_position_embeddings', 32_768);
    const windows = readQwenWindows(config);
    return gatedDecoder(config, prefix, {
      headSize,
      maximumPositions,
      rotary: [readRotary(config, { headSize, base: 10_000, maximumPositions })],
      layer: (index) => ({ window: windows[index]!, rotary: 0 }),
      tiedByDefault: false,
      queryKeyValueBias: true,
    });
  },
};
