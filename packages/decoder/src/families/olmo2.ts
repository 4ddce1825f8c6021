import { readRotary } from '../rotary/read-rotary.js';
import type { Family } from './family.js';
import { gatedDecoder, readHeads } from './gated-decoder.js';

/** OLMo 2: norms after each half of a layer, and on queries and keys across all heads. */
export const olmo2: Family = {
  modelType: 'olmo2',
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
      epsilonDefault: 1e-5,
      norms: 'after',
      queryKeyNorm: 'all-heads',
      queryKeyValueBias: attentionBias,
      outputBias: attentionBias,
    });
  },
};
