import type { GgufFile } from '@namm/tensors';
import { ModelFolderError } from '../../errors.js';
import type { GgufArchitecture } from './gguf-architectures.js';
import { GgufMetadata } from './gguf-metadata.js';

/** Factors on the wavelengths of RoPE, which some models have as tensors. */
export const ropeFactors = {
  all: 'rope_freqs.weight',
  short: 'rope_factors_short.weight',
  long: 'rope_factors_long.weight',
};

/**
 * The `config.json` that a GGUF file stands for.
 *
 * @param file whose header was read
 * @param architecture how models of its kind are written
 * @param name of that kind
 * @throws {ModelFolderError | FileFormatError} naming the key that is missing, wrong or not supported
 */
export async function ggufConfig(
  file: GgufFile,
  architecture: GgufArchitecture,
  name: string,
): Promise<Record<string, unknown>> {
  const metadata = new GgufMetadata(file, name);
  const vocabulary = file.tensor('token_embd.weight').shape[0];
  const shared = {
    vocab_size: vocabulary,
    tie_word_embeddings: !file.tensors.has('output.weight'),
  };
  metadata.ignore('vocab_size', 'rope.scaling.finetuned', 'tensor_data_layout');
  metadata.must('attention.causal', true);
  metadata.must('pooling_type', 0);
  const hiddenSize = metadata.number('embedding_length');
  const heads = metadata.uniform('attention.head_count');
  const layers = metadata.number('block_count');
  const positions = metadata.number('context_length');
  const innerSize = metadata.uniform('feed_forward_length');
  const headSize = metadata.optionalNumber('attention.key_length') ?? hiddenSize / heads;
  metadata.must('attention.value_length', headSize);
  const own = architecture.config(metadata, { hiddenSize, heads, headSize, layers });
  let config: Record<string, unknown>;
  if (own.model_type === 'gpt2') {
    metadata.must('attention.head_count_kv', heads);
    config = {
      n_embd: hiddenSize,
      n_head: heads,
      n_layer: layers,
      n_positions: positions,
      n_inner: innerSize,
      layer_norm_epsilon: metadata.number('attention.layer_norm_epsilon'),
    };
  } else {
    const groups = 'attention.head_count_kv';
    config = {
      hidden_size: hiddenSize,
      num_attention_heads: heads,
      num_key_value_heads:
        own.num_key_value_heads ?? (metadata.has(groups) ? metadata.uniform(groups) : heads),
      head_dim: headSize,
      num_hidden_layers: layers,
      max_position_embeddings: positions,
      intermediate_size: innerSize,
      rms_norm_eps: metadata.number('attention.layer_norm_rms_epsilon'),
      ...(await ropeOf(metadata, { headSize, positions, partial: own.model_type === 'phi3' })),
    };
  }
  metadata.checkAllAsked();
  return { ...shared, ...config, ...own };
}

async function ropeOf(
  metadata: GgufMetadata,
  { headSize, positions, partial }: { headSize: number; positions: number; partial: boolean },
): Promise<Record<string, unknown>> {
  const rotated = metadata.optionalNumber('rope.dimension_count') ?? headSize;
  if (!partial && rotated !== headSize) {
    metadata.fail('rope.dimension_count', `${rotated} is not the head size, ${headSize}`);
  }
  return {
    rope_theta: metadata.optionalNumber('rope.freq_base') ?? 10_000,
    ...(partial ? { partial_rotary_factor: rotated / headSize } : {}),
    ...(await scalingOf(metadata, positions)),
  };
}

async function scalingOf(
  metadata: GgufMetadata,
  positions: number,
): Promise<Record<string, unknown>> {
  const { file } = metadata;
  const type = metadata.optionalText('rope.scaling.type') ?? 'none';
  const factor = metadata.optionalNumber('rope.scaling.factor');
  const trained = metadata.optionalNumber('rope.scaling.original_context_length');
  const attentionFactor = metadata.optionalNumber('rope.scaling.attn_factor');
  const read = async (name: string) => Array.from(await file.readFloat32(name));
  const hasShort = file.tensors.has(ropeFactors.short);
  if (hasShort || type === 'longrope') {
    return {
      rope_scaling: {
        rope_type: 'longrope',
        short_factor: await read(ropeFactors.short),
        long_factor: await read(ropeFactors.long),
        original_max_position_embeddings: trained ?? positions,
        ...(attentionFactor === undefined ? {} : { attention_factor: attentionFactor }),
      },
    };
  }
  if (attentionFactor !== undefined && attentionFactor !== 1) {
    metadata.fail('rope.scaling.attn_factor', `${attentionFactor} is not supported with ${type}`);
  }
  const hasFactors = file.tensors.has(ropeFactors.all);
  if (type === 'none' && hasFactors) {
    // One table of factors for every length: what Llama 3 scales by.
    const factors = await read(ropeFactors.all);
    const both = { short_factor: factors, long_factor: factors, attention_factor: 1 };
    const reach = { original_max_position_embeddings: positions };
    return { rope_scaling: { rope_type: 'longrope', ...both, ...reach } };
  }
  if (hasFactors) {
    const problem = `rope_freqs.weight beside the scaling ${type} is not supported.`;
    throw new ModelFolderError(file.path, problem, { details: { tensor: ropeFactors.all } });
  }
  if (type === 'none') return {};
  if (type !== 'linear' && type !== 'yarn') {
    return metadata.fail('rope.scaling.type', `'${type}' is none of none, linear, yarn, longrope`);
  }
  const original = trained === undefined ? {} : { original_max_position_embeddings: trained };
  return {
    rope_scaling: {
      rope_type: type,
      factor: factor ?? metadata.fail('rope.scaling.factor', 'is missing'),
      ...original,
    },
  };
}
