import type { ConfigReader } from '../source/config-reader.js';
import { commonTraits } from './common-traits.js';
import type { Family } from './family.js';
import { gatedDecoder, readLayerCount } from './gated-decoder.js';

/** LFM2: short gated convolutions in most layers, attentions with norms on query and key heads in the others. */
export const lfm2: Family = {
  modelType: 'lfm2',
  finalNorm: 'embedding_norm.weight',
  read(config, prefix) {
    const attends = readAttentionLayers(config);
    return gatedDecoder(config, prefix, {
      ...commonTraits(config, { maximumPositions: 128_000, ropeBase: 1_000_000 }),
      tiedByDefault: config.boolean('tie_embedding', true),
      epsilonKey: 'norm_eps',
      epsilonDefault: 1e-5,
      queryKeyNorm: 'head',
      innerSize: readInnerSize(config),
      convolution: {
        taps: readTaps(config),
        bias: config.boolean('conv_bias', false),
        isIn: (index) => !attends[index],
      },
      names: {
        beforeAttention: 'operator_norm',
        beforeFeedForward: 'ffn_norm',
        queryNorm: 'self_attn.q_layernorm',
        keyNorm: 'self_attn.k_layernorm',
        attentionOutput: 'self_attn.out_proj',
        gate: 'feed_forward.w1',
        up: 'feed_forward.w3',
        down: 'feed_forward.w2',
        finalNorm: 'embedding_norm',
      },
    });
  },
};

/** A short convolution reads few tokens; more is a damaged file. */
const largestTaps = 1024;

function readTaps(config: ConfigReader): number {
  const key = 'conv_L_cache';
  const taps = config.count(key, 3, largestTaps);
  return taps > 1 ? taps : config.fail(key, 'a convolution over one token mixes none');
}

/** Which layers have an attention: as listed by `layer_types` or `full_attn_idxs`, else all. */
function readAttentionLayers(config: ConfigReader): readonly boolean[] {
  const layers = readLayerCount(config);
  const types = config.optionalTexts('layer_types', layers);
  const listed = config.optionalIntegers('full_attn_idxs', 0);
  const attends = Array.from({ length: layers }, (_, index) => {
    const type = types?.[index];
    if (type === undefined) return listed?.includes(index) ?? true;
    if (type === 'full_attention' || type === 'conv') return type !== 'conv';
    return config.fail('layer_types', `'${type}' is none of full_attention, conv`);
  });
  if (!attends.includes(true)) {
    const key = types ? 'layer_types' : 'full_attn_idxs';
    config.fail(key, 'no layer has an attention, so that there is nothing to cache');
  }
  return attends;
}

/** Two thirds of what the configuration states, times a factor, rounded up to a multiple, unless it says otherwise. */
function readInnerSize(config: ConfigReader): number {
  const stated = config.optionalCount('block_ff_dim') ?? config.count('intermediate_size', 12_288);
  if (!config.boolean('block_auto_adjust_ff_dim', true)) return stated;
  const size = Math.trunc((2 * stated) / 3);
  const factor = config.optionalNumberOr('block_ffn_dim_multiplier', 1);
  if (factor === null) return size;
  const multiple = config.count('block_multiple_of', 256);
  return multiple * Math.ceil(Math.trunc(factor * size) / multiple);
}
