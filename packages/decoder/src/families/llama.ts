import { attentionBias, commonTraits } from './common-traits.js';
import type { Family } from './family.js';
import { gatedDecoder } from './gated-decoder.js';

/** Llama 1 to 3.x, SmolLM2 and all who share its shape: the template itself. */
export const llama: Family = {
  modelType: 'llama',
  read: (config, prefix) =>
    gatedDecoder(config, prefix, {
      ...commonTraits(config, { maximumPositions: 2048 }),
      ...attentionBias(config),
      tiedByDefault: false,
      feedForwardBias: config.boolean('mlp_bias', false),
    }),
};
