import { float, type GraphBuilder, type Value } from '@namm/onnx';
import type { GenaiWeights } from '../random-model/genai-weights.js';
import type { Weight } from '../random-model/model-weights.js';
import type { VideoConfig } from './video-config.js';

/**
 * The vision encoder that suits transformers.js best: all frames in one batch, each attention, norm and activation the kernel
 * of onnxruntime that takes least.
 *
 * Input: `pixel_values [batch, frames, 3, size, size]`. Output: `image_features [frames × rows, hidden]`.
 */
export function peerVisionGraph(
  graph: GraphBuilder,
  file: GenaiWeights,
  weights: ReadonlyMap<string, Weight>,
  config: VideoConfig,
): void {
  const { vision_config: vision, text_config: text, scale_factor: factor } = config;
  const { hidden_size: hidden, image_size: size, patch_size: patch } = vision;
  const edge = size / patch;
  const tower = 'model.vision_model';
  const stored = (name: string) => file.add(name, weights.get(name)!);
  const product = (x: Value, name: string) => file.product(x, `${name}.MatMul`, [name], false);
  const epsilon = float(vision.layer_norm_eps);

  const pixels = graph.input('pixel_values', 'float32', ['batch', 'frames', 3, size, size]);
  const frames = graph.node('Reshape', [pixels, graph.int64([-1, 3, size, size])]);
  const embedding = `${tower}.embeddings`;
  const kernel = ['weight', 'bias'].map((part) => stored(`${embedding}.patch_embedding.${part}`));
  const attributes = { strides: [patch, patch] };
  const grid = graph.node('Conv', [frames, ...kernel], { attributes });
  const columns = graph.node('Reshape', [grid, graph.int64([0, hidden, edge * edge])]);
  const rows = graph.node('Transpose', [columns], { attributes: { perm: [0, 2, 1] } });
  const placed = graph.node('Add', [rows, stored(`${embedding}.position_embedding.weight`)]);
  const flat = (x: Value) => graph.node('Reshape', [x, graph.int64([-1, hidden])]);
  const perFrame = (x: Value) => graph.node('Reshape', [x, graph.int64([-1, edge * edge, hidden])]);
  let sum = flat(placed);
  const norm = (name: string) => {
    const scale = [stored(`${name}.weight`), stored(`${name}.bias`)];
    const attributes = { axis: -1, epsilon };
    return graph.node('LayerNormalization', [sum, ...scale], { attributes });
  };
  const linear = (x: Value, name: string) =>
    graph.node('Add', [product(x, name), stored(`${name}.bias`)]);
  for (let layer = 0; layer < vision.num_hidden_layers; layer++) {
    const at = `${tower}.encoder.layers.${layer}`;
    const input = norm(`${at}.layer_norm1`);
    const parts = ['q', 'k', 'v'].map((part) =>
      perFrame(linear(input, `${at}.self_attn.${part}_proj`)),
    );
    const mixed = graph.node('MultiHeadAttention', parts, {
      domain: 'com.microsoft',
      attributes: { num_heads: vision.num_attention_heads },
    });
    sum = graph.node('Add', [sum, linear(flat(mixed), `${at}.self_attn.out_proj`)]);
    const inner = linear(norm(`${at}.layer_norm2`), `${at}.mlp.fc1`);
    const active = graph.node('Gelu', [inner], { attributes: { approximate: 'tanh' } });
    sum = graph.node('Add', [sum, linear(active, `${at}.mlp.fc2`)]);
  }
  const last = norm(`${tower}.post_layernorm`);
  const part = edge / factor;
  const cut = graph.node('Reshape', [last, graph.int64([-1, part, factor, part, factor, hidden])]);
  const joined = graph.node('Transpose', [cut], { attributes: { perm: [0, 1, 3, 2, 4, 5] } });
  const wide = graph.node('Reshape', [joined, graph.int64([-1, factor ** 2 * hidden])]);
  const features = product(wide, 'model.connector.modality_projection.proj');
  graph.output('image_features', features, 'float32', ['rows', text.hidden_size]);
}
