import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@namm/core';
import { type TensorData, writeSafetensors } from '@namm/tensors';

/** A small model of random weights in a temporary folder: Llama-like, or an LFM2. */
export interface RandomModel {
  readonly folder: string;
  remove(): Promise<void>;
}

/** Sizes of the model; the rest of its `config.json` may say anything a Llama, Mistral or LFM2 can. */
const sizes = {
  vocab_size: 23,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 6,
  max_position_embeddings: 256,
};

/** Keys of `config.json` for an LFM2: convolutions first, last and between, and attentions that are not next to each other. */
export const hybridConfig = {
  ...{ model_type: 'lfm2', num_hidden_layers: 6, conv_L_cache: 3, norm_eps: 1e-5 },
  layer_types: ['conv', 'full_attention', 'conv', 'conv', 'full_attention', 'conv'],
  ...{ block_auto_adjust_ff_dim: false, rope_theta: 100 },
};

/**
 * Writes the model. Matrices are drawn from N(0, 1.5/√inputs), so that attention is not flat.
 *
 * @param config keys of `config.json` that differ
 */
export async function randomModel(
  config: Readonly<Record<string, unknown>> = {},
  seed = 1,
): Promise<RandomModel> {
  const folder = await mkdtemp(join(tmpdir(), 'namm-random-model-'));
  const all = { model_type: 'llama', rms_norm_eps: 1e-5, rope_theta: 100, ...sizes, ...config };
  await writeFile(join(folder, 'config.json'), JSON.stringify(all));
  await writeSafetensors(
    join(folder, 'model.safetensors'),
    Object.entries(randomWeights(all, new Random(seed))),
  );
  return { folder, remove: () => rm(folder, { recursive: true }) };
}

interface ModelConfig extends Readonly<typeof sizes> {
  readonly tie_word_embeddings?: unknown;
  readonly layer_types?: readonly string[];
  readonly conv_L_cache?: number;
}

function randomWeights(config: ModelConfig, random: Random): Record<string, TensorData> {
  const tensors: Record<string, TensorData> = {};
  const matrix = (name: string, outputs: number, inputs: number) => {
    const scale = 1.5 / Math.sqrt(inputs);
    const data = Float32Array.from({ length: outputs * inputs }, () => scale * random.normal());
    tensors[`${name}.weight`] = { data, shape: [outputs, inputs] };
  };
  const norm = (name: string, size = hidden) => {
    const data = Float32Array.from({ length: size }, () => 1 + 0.2 * random.normal());
    tensors[`${name}.weight`] = { data, shape: [size] };
  };
  const taps = config.conv_L_cache;
  const isHybrid = taps !== undefined;
  const names = isHybrid ? hybridNames : llamaNames;
  const { hidden_size: hidden, intermediate_size: inner, head_dim: headSize } = config;
  const querySize = config.num_attention_heads * headSize;
  const keyValueSize = config.num_key_value_heads * headSize;
  matrix('model.embed_tokens', config.vocab_size, hidden);
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const at = `model.layers.${layer}`;
    norm(`${at}.${names.first}`);
    if (isHybrid && config.layer_types?.[layer] === 'conv') {
      matrix(`${at}.conv.in_proj`, 3 * hidden, hidden);
      matrix(`${at}.conv.conv`, hidden, taps);
      const kernel = tensors[`${at}.conv.conv.weight`]!;
      tensors[`${at}.conv.conv.weight`] = { ...kernel, shape: [hidden, 1, taps] };
      matrix(`${at}.conv.out_proj`, hidden, hidden);
    } else {
      matrix(`${at}.self_attn.q_proj`, querySize, hidden);
      matrix(`${at}.self_attn.k_proj`, keyValueSize, hidden);
      matrix(`${at}.self_attn.v_proj`, keyValueSize, hidden);
      matrix(`${at}.${names.output}`, hidden, querySize);
      if (isHybrid)
        for (const part of ['q', 'k']) norm(`${at}.self_attn.${part}_layernorm`, headSize);
    }
    norm(`${at}.${names.second}`);
    matrix(`${at}.${names.gate}`, inner, hidden);
    matrix(`${at}.${names.up}`, inner, hidden);
    matrix(`${at}.${names.down}`, hidden, inner);
  }
  norm(names.final);
  if (!config.tie_word_embeddings) matrix('lm_head', config.vocab_size, hidden);
  return tensors;
}

const llamaNames = {
  ...{ first: 'input_layernorm', output: 'self_attn.o_proj', second: 'post_attention_layernorm' },
  ...{ gate: 'mlp.gate_proj', up: 'mlp.up_proj', down: 'mlp.down_proj', final: 'model.norm' },
};
const hybridNames: typeof llamaNames = {
  ...{ first: 'operator_norm', output: 'self_attn.out_proj', second: 'ffn_norm' },
  ...{ gate: 'feed_forward.w1', up: 'feed_forward.w3', down: 'feed_forward.w2' },
  final: 'model.embedding_norm',
};
