import { readRotary } from '../rotary/read-rotary.js';
import type { Family } from './family.js';
import { gatedDecoder, readHeads, readLayerCount } from './gated-decoder.js';
import { readWindows } from './read-windows.js';

/** Gemma 3 (text): most layers slide and have a RoPE of their own; norms on query and key heads. */
export const gemma3Text: Family = {
  modelType: 'gemma3_text',
  read(config, prefix) {
    if (config.boolean('use_bidirectional_attention', false)) {
      config.fail('use_bidirectional_attention', 'an encoder, not a decoder, cannot be run');
    }
    const { hiddenSize, headSize } = readHeads(config, 256);
    const maximumPositions = config.count('max_position_embeddings', 131_072);
    const window = config.optionalCountOr('sliding_window', 4096);
    const patternKey = config.has('sliding_window_pattern')
      ? 'sliding_window_pattern'
      : '_sliding_window_pattern';
    const pattern = config.count(patternKey, 6);
    const slides = (index: number) => window !== null && (index + 1) % pattern !== 0;
    const windows = readWindows(config, readLayerCount(config), window, slides);
    const attentionBias = config.boolean('attention_bias', false);
    const globalRotary = readRotary(
      config,
      { headSize, base: 1_000_000, maximumPositions },
      'full_attention',
    );
    // Sliding layers keep the frequencies of short contexts and are never scaled.
    const localBase = config.number('rope_local_base_freq', { above: 0, default: 10_000 });
    const localRotary = config.optionalObject('rope_parameters')?.has('sliding_attention')
      ? readRotary(config, { headSize, base: localBase, maximumPositions }, 'sliding_attention')
      : { size: headSize, base: localBase, scaling: { kind: 'none' as const } };
    return gatedDecoder(config, prefix, {
      headSize,
      maximumPositions,
      rotary: [globalRotary, localRotary],
      layer: (index) => ({ window: windows[index]!, rotary: windows[index] === null ? 0 : 1 }),
      tiedByDefault: true,
      norms: 'around',
      normWeightOffset: 1,
      queryKeyNorm: 'head',
      queryKeyValueBias: attentionBias,
      outputBias: attentionBias,
      activationKey: 'hidden_activation',
      activationDefault: 'gelu_pytorch_tanh',
      embeddingScale: Math.sqrt(hiddenSize),
      attentionScale: config.number('query_pre_attn_scalar', { above: 0, default: 256 }) ** -0.5,
      attentionSoftCap: config.optionalNumber('attn_logit_softcapping'),
      logitSoftCap: config.optionalNumber('final_logit_softcapping'),
    });
  },
};
