import type { ConfigReader } from '../source/config-reader.js';
import { attentionBias } from './common-traits.js';
import { type GatedDecoderTraits, readHeads } from './gated-decoder.js';

/** Gemma's own head size where `head_dim` is absent. */
export const gemmaHeadSize = 256;

/** What Gemma 2 and 3 share. */
export function gemmaTraits(config: ConfigReader) {
  const { hiddenSize } = readHeads(config, gemmaHeadSize);
  const scalar = config.number('query_pre_attn_scalar', { above: 0, default: 256 });
  return {
    ...attentionBias(config),
    tiedByDefault: true,
    norms: 'around',
    normWeightOffset: 1,
    activationKey: 'hidden_activation',
    activationDefault: 'gelu_pytorch_tanh',
    embeddingScale: Math.sqrt(hiddenSize),
    attentionScale: scalar ** -0.5,
  } as const satisfies Partial<GatedDecoderTraits>;
}
