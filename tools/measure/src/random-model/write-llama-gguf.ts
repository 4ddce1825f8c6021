import { join } from 'node:path';
import { writeGguf } from './gguf.js';
import type { ModelConfig } from './model-config.js';
import type { Weight } from './model-weights.js';

/** What llama.cpp calls the matrices and norms of a layer. */
const layerNames = {
  input_layernorm: 'attn_norm',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  post_attention_layernorm: 'ffn_norm',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
};

/** Writes `model.gguf` for llama.cpp: float32, with made-up words. The head is the embedding. */
export async function writeLlamaGguf(
  folder: string,
  config: ModelConfig,
  weights: ReadonlyMap<string, Weight>,
): Promise<void> {
  const { num_attention_heads: heads, num_key_value_heads: kvHeads, head_dim: headSize } = config;
  const tensors = new Map<string, Weight>();
  const add = (name: string, source: string) => {
    tensors.set(`${name}.weight`, weights.get(`${source}.weight`)!);
  };
  add('token_embd', 'model.embed_tokens');
  add('output_norm', 'model.norm');
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const to = `blk.${layer}`;
    for (const [source, name] of Object.entries(layerNames)) {
      add(`${to}.${name}`, `model.layers.${layer}.${source}`);
    }
    for (const name of [`${to}.attn_q.weight`, `${to}.attn_k.weight`]) {
      tensors.set(name, interleaveHalves(tensors.get(name)!, headSize));
    }
  }
  const metadata = {
    'general.architecture': { string: 'llama' },
    'general.name': { string: 'random weights' },
    'general.file_type': { uint32: 0 }, // all float32
    'llama.vocab_size': { uint32: config.vocab_size },
    'llama.context_length': { uint32: config.max_position_embeddings },
    'llama.embedding_length': { uint32: config.hidden_size },
    'llama.block_count': { uint32: config.num_hidden_layers },
    'llama.feed_forward_length': { uint32: config.intermediate_size },
    'llama.attention.head_count': { uint32: heads },
    'llama.attention.head_count_kv': { uint32: kvHeads },
    'llama.attention.layer_norm_rms_epsilon': { float32: config.rms_norm_eps },
    'llama.rope.dimension_count': { uint32: headSize },
    'llama.rope.freq_base': { float32: config.rope_theta },
    // llama.cpp wants words, though only ids go in and come out.
    'tokenizer.ggml.model': { string: 'llama' },
    'tokenizer.ggml.tokens': {
      strings: Array.from({ length: config.vocab_size }, (_, id) => word(id)),
    },
  };
  await writeGguf(join(folder, 'model.gguf'), metadata, tensors);
}

/** Any distinct words will do, as long as there is one for each byte. */
function word(id: number): string {
  return id < 256 ? `<0x${id.toString(16).toUpperCase().padStart(2, '0')}>` : `<${id}>`;
}

/**
 * Puts the rows of each head in the order that llama.cpp rotates: it turns neighbours, `2i` and `2i + 1`,
 * where the folder has `i` and `i + headSize / 2`.
 */
function interleaveHalves({ shape, data }: Weight, headSize: number): Weight {
  const [rows, columns] = shape as [number, number];
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    const inHead = row % headSize;
    const source = row - inHead + (inHead >> 1) + (inHead & 1) * (headSize / 2);
    result.set(data.subarray(source * columns, (source + 1) * columns), row * columns);
  }
  return { shape, data: result };
}
