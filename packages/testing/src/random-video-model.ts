import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@namm/core';
import { type TensorData, writeSafetensors } from '@namm/tensors';
import type { RandomModel } from './random-model.ts';

export interface RandomVideoModelOptions {
  readonly family: 'smolvlm' | 'llava_next_video';
  /** @defaultValue 1 */
  readonly seed?: number;
  /** Keys of `text_config` that differ. */
  readonly text?: Readonly<Record<string, unknown>>;
  /** Folder to write to. @defaultValue a temporary one */
  readonly folder?: string;
}

const hidden = 16;
const tower = { hidden_size: 16, intermediate_size: 24, num_attention_heads: 2 };
const imageSize = 16;
const patchSize = 4;
const specials = [
  ...['<|pad|>', '<|eos|>', '<|im_start|>', '<end_of_utterance>', '<image>', '<video>'],
  ...['<fake_token_around_image>', '<global-img>', '<row_1_col_1>', '<row_1_col_2>'],
  ...['<row_2_col_1>', '<row_2_col_2>'],
];

/**
 * Writes a small video language model of random weights, with a tokenizer of single bytes: frames of 16 × 16 pixels become
 * four rows each.
 */
export async function randomVideoModel(options: RandomVideoModelOptions): Promise<RandomModel> {
  const { family, seed = 1, text = {} } = options;
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'namm-random-video-')));
  const isLlava = family === 'llava_next_video';
  const vocabulary = 256 + specials.length;
  const textConfig = {
    ...{ model_type: 'llama', vocab_size: vocabulary, hidden_size: hidden, intermediate_size: 24 },
    ...{ num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, head_dim: 6 },
    ...{ max_position_embeddings: 1024, rms_norm_eps: 1e-5, rope_theta: 100, ...text },
  };
  const visionConfig = {
    ...{ ...tower, num_hidden_layers: 2, image_size: imageSize, patch_size: patchSize },
    ...{ layer_norm_eps: 1e-5, hidden_act: isLlava ? 'quick_gelu' : 'gelu_pytorch_tanh' },
  };
  const config = isLlava
    ? { image_token_index: 260, video_token_index: 261, spatial_pool_stride: 2 }
    : { image_token_id: 260, scale_factor: 2 };
  const json = async (name: string, value: unknown) =>
    writeFile(join(folder, name), JSON.stringify(value));
  await json('config.json', {
    ...{ model_type: family, ...config, text_config: textConfig, vision_config: visionConfig },
  });
  await json('processor_config.json', isLlava ? llavaProcessor : smolvlmProcessor);
  await json('tokenizer.json', byteTokenizer());
  await json('tokenizer_config.json', { eos_token: '<|eos|>', pad_token: '<|pad|>' });
  await json('generation_config.json', { eos_token_id: 257 });
  const weights = isLlava ? llavaWeights : smolvlmWeights;
  const tensors = new WeightWriter(new Random(seed));
  weights(tensors, textConfig);
  await writeSafetensors(join(folder, 'model.safetensors'), Object.entries(tensors.tensors));
  return { folder, remove: () => rm(folder, { recursive: true }) };
}

const smolvlmProcessor = {
  image_processor: {
    ...{ size: { longest_edge: 2 * imageSize }, max_image_size: { longest_edge: imageSize } },
    ...{ do_image_splitting: true, resample: 1 },
  },
  video_processor: {
    max_image_size: { longest_edge: imageSize },
    video_sampling: { fps: 1, max_frames: 8, video_size: { longest_edge: imageSize } },
  },
};

const square = {
  ...{ size: { shortest_edge: imageSize }, crop_size: { height: imageSize, width: imageSize } },
  resample: 3,
};

const llavaProcessor = {
  image_processor: {
    ...square,
    image_grid_pinpoints: [
      [imageSize, 2 * imageSize],
      [2 * imageSize, imageSize],
      [2 * imageSize, 2 * imageSize],
      [3 * imageSize, imageSize],
    ],
  },
  video_processor: square,
};

/** Draws weights: matrices from N(0, 1.5/√inputs), so that attention is not flat. */
class WeightWriter {
  readonly tensors: Record<string, TensorData> = {};
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  matrix(name: string, shape: readonly number[]): void {
    const size = shape.reduce((product, n) => product * n, 1);
    const scale = 1.5 / Math.sqrt(size / shape[0]!);
    this.#add(`${name}.weight`, shape, () => scale * this.#random.normal());
  }

  vector(name: string, size: number, mean = 0): void {
    this.#add(name, [size], () => mean + 0.2 * this.#random.normal());
  }

  /** A linear layer with a bias. */
  linear(name: string, outputs: number, inputs: number): void {
    this.matrix(name, [outputs, inputs]);
    this.vector(`${name}.bias`, outputs);
  }

  layerNorm(name: string, size: number): void {
    this.vector(`${name}.weight`, size, 1);
    this.vector(`${name}.bias`, size);
  }

  #add(name: string, shape: readonly number[], draw: () => number): void {
    const size = shape.reduce((product, n) => product * n, 1);
    this.tensors[name] = { data: Float32Array.from({ length: size }, draw), shape };
  }
}

interface TextSizes {
  readonly vocab_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly head_dim: number;
}

function smolvlmWeights(weights: WeightWriter, text: TextSizes): void {
  textWeights(weights, 'model.text_model.', text);
  weights.matrix('lm_head', [text.vocab_size, hidden]);
  towerWeights(weights, 'model.vision_model.');
  weights.vector('model.vision_model.embeddings.patch_embedding.bias', hidden);
  weights.layerNorm('model.vision_model.post_layernorm', hidden);
  weights.matrix('model.connector.modality_projection.proj', [hidden, 4 * hidden]);
}

function llavaWeights(weights: WeightWriter, text: TextSizes): void {
  textWeights(weights, 'language_model.model.', text);
  weights.matrix('language_model.lm_head', [text.vocab_size, hidden]);
  towerWeights(weights, 'vision_tower.vision_model.', 1);
  weights.vector('vision_tower.vision_model.embeddings.class_embedding', hidden);
  weights.layerNorm('vision_tower.vision_model.pre_layrnorm', hidden);
  weights.linear('multi_modal_projector.linear_1', hidden, hidden);
  weights.linear('multi_modal_projector.linear_2', hidden, hidden);
  weights.vector('image_newline', hidden);
}

function towerWeights(weights: WeightWriter, prefix: string, classTokens = 0): void {
  const { intermediate_size: inner } = tower;
  const patches = (imageSize / patchSize) ** 2;
  weights.matrix(`${prefix}embeddings.patch_embedding`, [hidden, 3, patchSize, patchSize]);
  weights.matrix(`${prefix}embeddings.position_embedding`, [patches + classTokens, hidden]);
  for (let layer = 0; layer < 2; layer++) {
    const at = `${prefix}encoder.layers.${layer}`;
    weights.layerNorm(`${at}.layer_norm1`, hidden);
    for (const name of ['q_proj', 'k_proj', 'v_proj', 'out_proj']) {
      weights.linear(`${at}.self_attn.${name}`, hidden, hidden);
    }
    weights.layerNorm(`${at}.layer_norm2`, hidden);
    weights.linear(`${at}.mlp.fc1`, inner, hidden);
    weights.linear(`${at}.mlp.fc2`, hidden, inner);
  }
}

function textWeights(weights: WeightWriter, prefix: string, text: TextSizes): void {
  const querySize = text.num_attention_heads * text.head_dim;
  const keyValueSize = text.num_key_value_heads * text.head_dim;
  const inner = text.intermediate_size;
  weights.matrix(`${prefix}embed_tokens`, [text.vocab_size, hidden]);
  for (let layer = 0; layer < text.num_hidden_layers; layer++) {
    const at = `${prefix}layers.${layer}`;
    weights.vector(`${at}.input_layernorm.weight`, hidden, 1);
    weights.matrix(`${at}.self_attn.q_proj`, [querySize, hidden]);
    weights.matrix(`${at}.self_attn.k_proj`, [keyValueSize, hidden]);
    weights.matrix(`${at}.self_attn.v_proj`, [keyValueSize, hidden]);
    weights.matrix(`${at}.self_attn.o_proj`, [hidden, querySize]);
    weights.vector(`${at}.post_attention_layernorm.weight`, hidden, 1);
    weights.matrix(`${at}.mlp.gate_proj`, [inner, hidden]);
    weights.matrix(`${at}.mlp.up_proj`, [inner, hidden]);
    weights.matrix(`${at}.mlp.down_proj`, [hidden, inner]);
  }
  weights.vector(`${prefix}norm.weight`, hidden, 1);
}

/** A token per byte, spelled as GPT-2 spells them, and special ones behind. */
function byteTokenizer(): object {
  const vocab: Record<string, number> = {};
  for (let byte = 0, moved = 0; byte < 256; byte++) {
    const isPrintable =
      (byte > 32 && byte < 127) || (byte > 160 && byte < 173) || (byte > 173 && byte < 256);
    vocab[String.fromCodePoint(isPrintable ? byte : 256 + moved++)] = byte;
  }
  const added = specials.map((content, i) => ({
    ...{ id: 256 + i, content, special: true, normalized: false },
    ...{ single_word: false, lstrip: false, rstrip: false },
  }));
  return {
    ...{ version: '1.0', added_tokens: added, normalizer: null, post_processor: null },
    pre_tokenizer: {
      type: 'ByteLevel',
      add_prefix_space: false,
      trim_offsets: true,
      use_regex: true,
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', vocab, merges: [], unk_token: null },
  };
}
