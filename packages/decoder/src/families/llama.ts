import { readRotary } from '../rotary/read-rotary.js';
import type { Family } from './family.js';
import { gatedDecoder, readHeads } from './gated-decoder.js';

/** Llama 1 to 3.x, SmolLM2 and all who share its shape: the template itself. */
export const llama: Family = {
  modelType: 'llama',
  read(config, prefix) {
    const { headSize } = readHeads(config);
    const maximumPositions = config.count('max_position_embeddings', 2048);
    const attentionBias = config.boolean('attention_bias', false);
    return gatedDecoder(config, prefix, {
      headSize,
      maximumPositions,
      rotary: [readRotary(config, { headSize, base: 10_000, maximumPositions })],
      layer: () => ({ window: null, rotary: 0 }),
      tiedByDefault: false,
      queryKeyValueBias: attentionBias,
      outputBias: attentionBias,
      feedForwardBias: config.boolean('mlp_bias', false),
    });
  },
};
