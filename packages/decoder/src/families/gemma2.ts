import { readRotary } from '../rotary/read-rotary.js';
import type { Family } from './family.js';
import { gatedDecoder, readHeads, readLayerCount } from './gated-decoder.js';
import { readWindows } from './read-windows.js';

/** Gemma 2: every other layer slides, scores and logits are soft-capped, four norms per layer. */
export const gemma2: Family = {
  modelType: 'gemma2',
  read(config, prefix) {
    const { hiddenSize, headSize } = readHeads(config, 256);
    const maximumPositions = config.count('max_position_embeddings', 8192);
    const window = config.optionalCountOr('sliding_window', 4096);
    const slides = (index: number) => window !== null && index % 2 === 0;
    const windows = readWindows(config, readLayerCount(config), window, slides);
    const attentionBias = config.boolean('attention_bias', false);
    return gatedDecoder(config, prefix, {
      headSize,
      maximumPositions,
      rotary: [readRotary(config, { headSize, base: 10_000, maximumPositions })],
      layer: (index) => ({ window: windows[index]!, rotary: 0 }),
      tiedByDefault: true,
      norms: 'around',
      normWeightOffset: 1,
      queryKeyValueBias: attentionBias,
      outputBias: attentionBias,
      activationKey: 'hidden_activation',
      activationDefault: 'gelu_pytorch_tanh',
      embeddingScale: Math.sqrt(hiddenSize),
      attentionScale: config.number('query_pre_attn_scalar', { above: 0, default: 256 }) ** -0.5,
      attentionSoftCap: config.optionalNumberOr('attn_logit_softcapping', 50),
      logitSoftCap: config.optionalNumberOr('final_logit_softcapping', 30),
    });
  },
};
