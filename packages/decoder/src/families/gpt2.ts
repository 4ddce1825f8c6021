import type { Family } from './family.js';
import { gpt2Backbone } from './gpt2-backbone.js';

/** GPT-2: learned positions, layer norms, fused projections stored `[inputs, outputs]`. */
export const gpt2: Family = {
  modelType: 'gpt2',
  prefixes: ['transformer.', ''],
  finalNorm: 'ln_f.weight',
  read(config, prefix) {
    const hiddenSize = config.count('n_embd');
    const embedding = `${prefix}wte.weight`;
    const vocabularySize = config.count('vocab_size');
    const positions = config.count('n_positions', 1024);
    const tied = config.boolean('tie_word_embeddings', true);
    return {
      ...gpt2Backbone(config, { prefix, hiddenSize: 'n_embd' }),
      family: 'gpt2',
      vocabularySize,
      maximumPositions: positions,
      embedding: { weight: embedding, scale: 1 },
      learnedPositions: { weight: `${prefix}wpe.weight`, count: positions },
      head: {
        linear: {
          weight: tied ? embedding : 'lm_head.weight',
          bias: null,
          inputs: hiddenSize,
          outputs: vocabularySize,
          layout: 'outputs-first',
        },
        softCap: null,
      },
    };
  },
};
