import type { ModelConfig } from './model-config.js';
import type { Weight } from './model-weights.js';

/** cos and sin of every position, `[positions, headSize / 2]`, as GroupQueryAttention reads them. */
export function rotaryCaches(config: ModelConfig): { readonly cos: Weight; readonly sin: Weight } {
  const { max_position_embeddings: positions, head_dim: headSize, rope_theta: theta } = config;
  const half = headSize / 2;
  const shape = [positions, half];
  const cos = { shape, data: new Float32Array(positions * half) };
  const sin = { shape, data: new Float32Array(positions * half) };
  for (let position = 0; position < positions; position++) {
    for (let pair = 0; pair < half; pair++) {
      const angle = position * theta ** ((-2 * pair) / headSize);
      cos.data[position * half + pair] = Math.cos(angle);
      sin.data[position * half + pair] = Math.sin(angle);
    }
  }
  return { cos, sin };
}
