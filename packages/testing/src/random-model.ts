import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@namm/core';
import { type TensorData, writeSafetensors } from '@namm/tensors';

/** A small Llama-like model of random weights in a temporary folder. */
export interface RandomModel {
  readonly folder: string;
  remove(): Promise<void>;
}

/** Sizes of the model; the rest of its `config.json` may say anything a Llama or Mistral can. */
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

function randomWeights(
  config: typeof sizes & { readonly tie_word_embeddings?: unknown },
  random: Random,
): Record<string, TensorData> {
  const tensors: Record<string, TensorData> = {};
  const matrix = (name: string, outputs: number, inputs: number) => {
    const scale = 1.5 / Math.sqrt(inputs);
    const data = Float32Array.from({ length: outputs * inputs }, () => scale * random.normal());
    tensors[`${name}.weight`] = { data, shape: [outputs, inputs] };
  };
  const norm = (name: string) => {
    const data = Float32Array.from({ length: hidden }, () => 1 + 0.2 * random.normal());
    tensors[`${name}.weight`] = { data, shape: [hidden] };
  };
  const { hidden_size: hidden, intermediate_size: inner, head_dim: headSize } = config;
  const querySize = config.num_attention_heads * headSize;
  const keyValueSize = config.num_key_value_heads * headSize;
  matrix('model.embed_tokens', config.vocab_size, hidden);
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const at = `model.layers.${layer}`;
    norm(`${at}.input_layernorm`);
    matrix(`${at}.self_attn.q_proj`, querySize, hidden);
    matrix(`${at}.self_attn.k_proj`, keyValueSize, hidden);
    matrix(`${at}.self_attn.v_proj`, keyValueSize, hidden);
    matrix(`${at}.self_attn.o_proj`, hidden, querySize);
    norm(`${at}.post_attention_layernorm`);
    matrix(`${at}.mlp.gate_proj`, inner, hidden);
    matrix(`${at}.mlp.up_proj`, inner, hidden);
    matrix(`${at}.mlp.down_proj`, hidden, inner);
  }
  norm('model.norm');
  if (!config.tie_word_embeddings) matrix('lm_head', config.vocab_size, hidden);
  return tensors;
}
