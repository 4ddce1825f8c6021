import { float, type GraphBuilder, type Value } from '@namm/onnx';
import type { GenaiWeights } from './genai-weights.js';
import type { ModelConfig } from './model-config.js';
import { rotaryCaches } from './rotary-caches.js';

const contrib = 'com.microsoft';

/**
 * The graph that suits transformers.js best: the layout of onnxruntime-genai's builder for float32 on
 * CPU with `prune_lm_head`. Queries, keys and values come from one matrix, GroupQueryAttention rotates,
 * appends to the cache and attends in one kernel, and only the last token gets logits.
 *
 * @param input what it reads: ids, or rows that another graph has made of them
 */
export function genaiGraph(
  graph: GraphBuilder,
  weights: GenaiWeights,
  config: ModelConfig,
  input: 'ids' | 'rows' = 'ids',
): void {
  const { hidden_size: hiddenSize, vocab_size: vocabulary, num_hidden_layers: layers } = config;
  const sizes = ['batch_size', 'sequence_length'];
  const ids = input === 'ids' ? graph.input('input_ids', 'int64', sizes) : null;
  const mask = graph.input('attention_mask', 'int64', ['batch_size', 'total_sequence_length']);
  const int32 = { attributes: { to: 6 } };
  const one = graph.int64([1]);
  const seen = graph.node('ReduceSum', [mask, one], { attributes: { keepdims: 0 } });
  const lengths = graph.node('Cast', [graph.node('Sub', [seen, one])], int32);
  const columns = graph.node('Gather', [graph.node('Shape', [mask]), graph.int64(1)]);
  const total = graph.node('Cast', [columns], int32);
  const { cos, sin } = rotaryCaches(config);
  const shared = [lengths, total, weights.add('cos_cache', cos), weights.add('sin_cache', sin)];

  // The residual sum so far, and what the next norm adds to it; the first norm has nothing to add.
  let sum = ids
    ? graph.node('Gather', [weights.asStored('model.embed_tokens'), ids])
    : graph.input('inputs_embeds', 'float32', [...sizes, hiddenSize]);
  let addition: Value | null = null;
  const norm = (name: string): Value => {
    const weight = weights.asStored(name);
    const epsilon = float(config.rms_norm_eps);
    if (!addition) {
      const attributes = { axis: -1, epsilon };
      return graph.node('SimplifiedLayerNormalization', [sum, weight], { attributes });
    }
    const inputs = [sum, addition, weight];
    const options = { domain: contrib, attributes: { epsilon } } as const;
    const outputs = graph.nodes('SkipSimplifiedLayerNormalization', inputs, 4, options);
    sum = outputs[3]!;
    return outputs[0]!;
  };
  const linear = (x: Value, name: string, parts = [name]): Value =>
    weights.product(x, `${name}.MatMul`, parts, name === 'lm_head');

  for (let layer = 0; layer < layers; layer++) {
    const at = `model.layers.${layer}`;
    const parts = ['q', 'k', 'v'].map((part) => `${at}.self_attn.${part}_proj`);
    const packed = linear(norm(`${at}.input_layernorm`), `${at}.qkv`, parts);
    const attended = groupQueryAttention(graph, config, layer, packed, shared);
    addition = linear(attended, `${at}.self_attn.o_proj`);
    const middle = norm(`${at}.post_attention_layernorm`);
    const gate = linear(middle, `${at}.mlp.gate_proj`);
    const active = graph.node('Mul', [gate, graph.node('Sigmoid', [gate])]);
    const inner = graph.node('Mul', [active, linear(middle, `${at}.mlp.up_proj`)]);
    addition = linear(inner, `${at}.mlp.down_proj`);
  }
  const last = graph.node('Gather', [norm('model.norm'), graph.int64([-1])], {
    attributes: { axis: 1 },
  });
  const head = config.tie_word_embeddings ? 'model.embed_tokens' : 'lm_head';
  const flat = graph.node('Reshape', [last, graph.int64([-1, 1, hiddenSize])]);
  const logits = linear(flat, 'lm_head', [head]);
  graph.output('logits', logits, 'float32', ['batch_size', 1, vocabulary]);
}

function groupQueryAttention(
  graph: GraphBuilder,
  config: ModelConfig,
  layer: number,
  packed: Value,
  shared: readonly Value[],
): Value {
  const { num_attention_heads, num_key_value_heads: kvHeads, head_dim: headSize } = config;
  const past = ['key', 'value'].map((role) =>
    graph.input(`past_key_values.${layer}.${role}`, 'float32', [
      'batch_size',
      kvHeads,
      'past',
      headSize,
    ]),
  );
  const attributes = {
    num_heads: num_attention_heads,
    kv_num_heads: kvHeads,
    scale: float(headSize ** -0.5),
    do_rotary: 1,
    rotary_interleaved: 0,
  };
  const inputs = [packed, null, null, ...past, ...shared];
  const [attended, key, value] = graph.nodes('GroupQueryAttention', inputs, 3, {
    domain: contrib,
    attributes,
  });
  const shape = ['batch_size', kvHeads, 'total_sequence_length', headSize];
  graph.output(`present.${layer}.key`, key!, 'float32', shape);
  graph.output(`present.${layer}.value`, value!, 'float32', shape);
  return attended!;
}
