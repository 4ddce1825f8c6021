import { attentionBias, commonTraits } from './common-traits.js';
import type { Family } from './family.js';
import { gatedDecoder } from './gated-decoder.js';

/** OLMo 2: norms after each half of a layer, and on queries and keys across all heads. */
export const olmo2: Family = {
  modelType: 'olmo2',
  read: (config, prefix) =>
    gatedDecoder(config, prefix, {
      ...commonTraits(config, { maximumPositions: 2048 }),
      ...attentionBias(config),
      tiedByDefault: false,
      epsilonDefault: 1e-5,
      norms: 'after',
      queryKeyNorm: 'all-heads',
    }),
};
