import type { ModelConfig } from './model-config.js';
import { randomNumbers } from './random-numbers.js';

/** A float32 tensor. */
export interface Weight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Random weights by their names in a Hugging Face folder; the same for a seed. */
export function modelWeights(config: ModelConfig, seed: number): Map<string, Weight> {
  const weights = new Map<string, Weight>();
  const add = (name: string, shape: readonly number[], deviation: number, offset = 0) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const data = randomNumbers(count, deviation, seed * 10_000 + weights.size);
    if (offset !== 0) for (let i = 0; i < count; i++) data[i]! += offset;
    weights.set(`${name}.weight`, { shape, data });
  };
  const matrix = (name: string, outputs: number, inputs: number) =>
    add(name, [outputs, inputs], 1 / Math.sqrt(inputs));
  const norm = (name: string) => add(name, [hidden], 0.2, 1);
  const { hidden_size: hidden, intermediate_size: inner, head_dim: headSize } = config;
  const querySize = config.num_attention_heads * headSize;
  const keyValueSize = config.num_key_value_heads * headSize;
  // Small rows, so that with the tied head a token does not simply predict itself.
  add('model.embed_tokens', [config.vocab_size, hidden], 0.02);
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const at = `model.layers.${layer}`;
    norm(`${at}.input_layernorm`);
    // Twice the usual size, so that attention is not flat and what is evicted matters.
    add(`${at}.self_attn.q_proj`, [querySize, hidden], 2 / Math.sqrt(hidden));
    matrix(`${at}.self_attn.k_proj`, keyValueSize, hidden);
    matrix(`${at}.self_attn.v_proj`, keyValueSize, hidden);
    matrix(`${at}.self_attn.o_proj`, hidden, querySize);
    norm(`${at}.post_attention_layernorm`);
    matrix(`${at}.mlp.gate_proj`, inner, hidden);
    matrix(`${at}.mlp.up_proj`, inner, hidden);
    matrix(`${at}.mlp.down_proj`, hidden, inner);
  }
  norm('model.norm');
  return weights;
}
