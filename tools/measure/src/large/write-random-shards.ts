import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TensorData, writeSafetensors } from '@namm/tensors';

/** Llama 3 8B, or fewer and narrower layers of its proportions. */
export interface LargeShape {
  readonly layers: number;
  /** Query heads, 32 in the 8B model; a multiple of 4. */
  readonly heads: number;
  readonly vocabulary: number;
}

/** What `config.json` says of it. */
function largeConfig({ layers, heads, vocabulary }: LargeShape) {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    num_hidden_layers: layers,
    hidden_size: 128 * heads,
    intermediate_size: 448 * heads,
    num_attention_heads: heads,
    num_key_value_heads: heads / 4,
    head_dim: 128,
    vocab_size: vocabulary,
    max_position_embeddings: 8192,
    rope_theta: 500000,
    rms_norm_eps: 1e-5,
    hidden_act: 'silu',
    tie_word_embeddings: false,
    torch_dtype: 'bfloat16',
  };
}

/**
 * Writes a folder as such models are published: bfloat16 weights in shards, of which each here is a layer, and an index.
 * Never more than a shard is in memory.
 *
 * @param folder made where there is none
 * @param shape of the model
 * @param seed of the weights
 * @param onShard told how many of how many shards are written
 * @returns bytes of all weights
 */
export async function writeRandomShards(
  folder: string,
  shape: LargeShape,
  seed: number,
  onShard: (done: number, all: number) => void,
): Promise<number> {
  const config = largeConfig(shape);
  const { hidden_size: hidden, intermediate_size: inner, head_dim: headSize } = config;
  const querySize = config.num_attention_heads * headSize;
  const keyValueSize = config.num_key_value_heads * headSize;
  let tensors = 0;
  const matrix = (outputs: number, inputs: number): TensorData => ({
    shape: [outputs, inputs],
    dtype: 'BF16',
    data: randomBfloat16(outputs * inputs, 1 / Math.sqrt(inputs), seed * 10_000 + tensors++),
  });
  const ones = (): TensorData => ({
    shape: [hidden],
    dtype: 'BF16',
    data: new Uint16Array(hidden).fill(0x3f80),
  });
  const layer = (index: number): [string, TensorData][] => {
    const own: Record<string, TensorData> = {
      input_layernorm: ones(),
      'self_attn.q_proj': matrix(querySize, hidden),
      'self_attn.k_proj': matrix(keyValueSize, hidden),
      'self_attn.v_proj': matrix(keyValueSize, hidden),
      'self_attn.o_proj': matrix(hidden, querySize),
      post_attention_layernorm: ones(),
      'mlp.gate_proj': matrix(inner, hidden),
      'mlp.up_proj': matrix(inner, hidden),
      'mlp.down_proj': matrix(hidden, inner),
    };
    const at = `model.layers.${index}`;
    return Object.entries(own).map(([name, tensor]) => [`${at}.${name}.weight`, tensor]);
  };
  const shards: (() => [string, TensorData][])[] = [
    () => [['model.embed_tokens.weight', matrix(shape.vocabulary, hidden)]],
    ...Array.from({ length: shape.layers }, (_, index) => () => layer(index)),
    () => [
      ['model.norm.weight', ones()],
      ['lm_head.weight', matrix(shape.vocabulary, hidden)],
    ],
  ];
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify(config, null, 2));
  const weight_map: Record<string, string> = {};
  let total_size = 0;
  for (const [i, make] of shards.entries()) {
    const number = (n: number) => String(n).padStart(5, '0');
    const file = `model-${number(i + 1)}-of-${number(shards.length)}.safetensors`;
    const shard = make();
    for (const [name, { data }] of shard) {
      weight_map[name] = file;
      total_size += data.byteLength;
    }
    await writeSafetensors(join(folder, file), shard, { format: 'pt' });
    onShard(i + 1, shards.length);
  }
  const index = JSON.stringify({ metadata: { total_size }, weight_map }, null, 2);
  await writeFile(join(folder, 'model.safetensors.index.json'), index);
  return total_size;
}

/** Largest number whose bfloat16 has that exponent and a full mantissa is twice its least: about 1.5 times 2^exponent. */
const meanMagnitude = 1.53;

/**
 * Numbers of both signs between a power of two and the next, two from each draw (mulberry32): eight thousand million of
 * them in seconds. Their mean is 0 and their standard deviation is within a factor of 1.5 of what is wanted.
 */
function randomBfloat16(count: number, deviation: number, seed: number): Uint16Array {
  const patterns = new Uint16Array(count);
  const exponent = (Math.round(Math.log2(deviation / meanMagnitude)) + 127) << 7;
  let state = Math.imul(seed + 1, 0x9e3779b1);
  for (let i = 0; i < count; i += 2) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    mixed ^= mixed >>> 14;
    patterns[i] = (mixed & 0x807f) | exponent;
    if (i + 1 < count) patterns[i + 1] = ((mixed >>> 16) & 0x807f) | exponent;
  }
  return patterns;
}
