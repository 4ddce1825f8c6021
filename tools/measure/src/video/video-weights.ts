import { modelWeights, type Weight } from '../random-model/model-weights.js';
import { randomNumbers } from '../random-model/random-numbers.js';
import type { VideoConfig } from './video-config.js';

/** Random weights by their names in a Hugging Face folder; the same for a seed. */
export function videoWeights(config: VideoConfig, seed: number): Map<string, Weight> {
  const weights = new Map<string, Weight>();
  const add = (name: string, shape: readonly number[], deviation: number, offset = 0) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const data = randomNumbers(count, deviation, seed * 10_000 + 5000 + weights.size);
    if (offset !== 0) for (let i = 0; i < count; i++) data[i]! += offset;
    weights.set(name, { shape, data });
  };
  const linear = (name: string, outputs: number, inputs: number) => {
    add(`${name}.weight`, [outputs, inputs], 1 / Math.sqrt(inputs));
    add(`${name}.bias`, [outputs], 0.1);
  };
  const norm = (name: string) => {
    add(`${name}.weight`, [hidden], 0.2, 1);
    add(`${name}.bias`, [hidden], 0.1);
  };
  const { vision_config: vision, text_config: text, scale_factor: factor } = config;
  const { hidden_size: hidden, intermediate_size: inner, patch_size: patch } = vision;
  const tower = 'model.vision_model';
  const edge = vision.image_size / patch;
  add(`${tower}.embeddings.patch_embedding.weight`, [hidden, 3, patch, patch], 1 / (patch * 2));
  add(`${tower}.embeddings.patch_embedding.bias`, [hidden], 0.1);
  add(`${tower}.embeddings.position_embedding.weight`, [edge * edge, hidden], 0.3);
  for (let layer = 0; layer < vision.num_hidden_layers; layer++) {
    const at = `${tower}.encoder.layers.${layer}`;
    norm(`${at}.layer_norm1`);
    for (const part of ['q', 'k', 'v', 'out'])
      linear(`${at}.self_attn.${part}_proj`, hidden, hidden);
    norm(`${at}.layer_norm2`);
    linear(`${at}.mlp.fc1`, inner, hidden);
    linear(`${at}.mlp.fc2`, hidden, inner);
  }
  norm(`${tower}.post_layernorm`);
  const wide = hidden * factor ** 2;
  const connector = 'model.connector.modality_projection.proj.weight';
  add(connector, [text.hidden_size, wide], 0.02 / Math.sqrt(wide));
  for (const [name, weight] of modelWeights(text, seed)) {
    weights.set(name.replace(/^model\./, 'model.text_model.'), weight);
  }
  return weights;
}
