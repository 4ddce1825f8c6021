import type { GgufMetadata } from './gguf-metadata.js';

type Config = Readonly<Record<string, unknown>>;

/** How a model of one architecture is written as GGUF. */
export interface GgufArchitecture {
  /** What differs from the common keys of `config.json`. */
  readonly config: (metadata: GgufMetadata, common: CommonConfig) => Config;
  /** What stands in place of `blk.N.`, and the tensors of a layer by their names there. */
  readonly layer: string;
  readonly names: Readonly<Record<string, string>>;
  /** The tensors that are in no layer. */
  readonly others: Readonly<Record<string, string>>;
  /** Whether rows of queries and keys alternate between the halves that RoPE rotates. */
  readonly interleaved?: boolean;
  /** Whether 1 was added to the weights of norms, which the family adds itself. */
  readonly norms?: 'one-added';
  /** Tensors whose shape has a 1 in its middle, which is left out in the file. */
  readonly flattened?: RegExp;
  /** Whether matrices that the family stores `[inputs, outputs]` were transposed. */
  readonly transposed?: boolean;
}

/** What all gated decoders have in common. */
interface CommonConfig {
  readonly hiddenSize: number;
  readonly heads: number;
  readonly headSize: number;
  readonly layers: number;
}

const attention = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
};
const headNorms = { attn_q_norm: 'self_attn.q_norm', attn_k_norm: 'self_attn.k_norm' };
const gated = { ffn_gate: 'mlp.gate_proj', ffn_up: 'mlp.up_proj', ffn_down: 'mlp.down_proj' };
const llamaNames = { ...attention, ...gated, ffn_norm: 'post_attention_layernorm' };
const gemmaNames = {
  ...attention,
  ...gated,
  post_attention_norm: 'post_attention_layernorm',
  ffn_norm: 'pre_feedforward_layernorm',
  post_ffw_norm: 'post_feedforward_layernorm',
};
const common = {
  layer: 'model.layers.',
  others: { token_embd: 'model.embed_tokens', output_norm: 'model.norm', output: 'lm_head' },
};

/** A window of 0 is none. */
const windowOf = (metadata: GgufMetadata) =>
  metadata.optionalNumber('attention.sliding_window') || null;

/** As llama.cpp does: the largest Gemmas divide by the root of another number than the head size. */
const gemmaScalar = (
  { hiddenSize, heads, headSize, layers }: CommonConfig,
  layersOfLargest: number,
) => (layers === layersOfLargest ? hiddenSize / heads : headSize);

/** Where converters hide what a file means: which family it is, and what was done to its weights. */
export const ggufArchitectures: Readonly<Record<string, GgufArchitecture>> = {
  llama: {
    ...common,
    names: llamaNames,
    interleaved: true,
    config(metadata) {
      metadata.must('expert_count', 0);
      metadata.must('expert_used_count', 0);
      const window = windowOf(metadata);
      if (window !== null) return { model_type: 'mistral', sliding_window: window };
      const { tensors } = metadata.file;
      return {
        model_type: 'llama',
        attention_bias: tensors.has('blk.0.attn_q.bias'),
        mlp_bias: tensors.has('blk.0.ffn_up.bias'),
      };
    },
  },
  qwen2: { ...common, names: llamaNames, config: () => ({ model_type: 'qwen2' }) },
  qwen3: {
    ...common,
    names: { ...llamaNames, ...headNorms },
    config: () => ({ model_type: 'qwen3' }),
  },
  smollm3: {
    ...common,
    names: llamaNames,
    interleaved: true,
    config: () => ({ model_type: 'smollm3', no_rope_layer_interval: 4 }),
  },
  olmo2: {
    ...common,
    names: {
      ...attention,
      ...headNorms,
      ...gated,
      post_attention_norm: 'post_attention_layernorm',
      post_ffw_norm: 'post_feedforward_layernorm',
    },
    config: () => ({ model_type: 'olmo2' }),
  },
  phi3: {
    ...common,
    names: {
      attn_norm: 'input_layernorm',
      attn_qkv: 'self_attn.qkv_proj',
      attn_output: 'self_attn.o_proj',
      ffn_norm: 'post_attention_layernorm',
      ffn_up: 'mlp.gate_up_proj',
      ffn_down: 'mlp.down_proj',
    },
    config: (metadata) => ({ model_type: 'phi3', sliding_window: windowOf(metadata) }),
  },
  gemma2: {
    ...common,
    names: gemmaNames,
    norms: 'one-added',
    config: (metadata, sizes) => ({
      model_type: 'gemma2',
      query_pre_attn_scalar: gemmaScalar(sizes, 46),
      sliding_window: metadata.has('attention.sliding_window') ? windowOf(metadata) : 4096,
      attn_logit_softcapping: metadata.optionalNumber('attn_logit_softcapping') ?? 50,
      final_logit_softcapping: metadata.optionalNumber('final_logit_softcapping') ?? 30,
    }),
  },
  gemma3: {
    ...common,
    names: { ...gemmaNames, ...headNorms },
    norms: 'one-added',
    config: (metadata, sizes) => ({
      model_type: 'gemma3_text',
      query_pre_attn_scalar: gemmaScalar(sizes, 62),
      sliding_window: windowOf(metadata),
      sliding_window_pattern: metadata.optionalNumber('attention.sliding_window_pattern') ?? 6,
      rope_local_base_freq: metadata.optionalNumber('rope.freq_base_swa') ?? 10_000,
      final_logit_softcapping: metadata.optionalNumber('final_logit_softcapping') || null,
    }),
  },
  lfm2: {
    layer: 'model.layers.',
    others: {
      token_embd: 'model.embed_tokens',
      // So called, although it stands behind the last layer.
      token_embd_norm: 'model.embedding_norm',
      output: 'lm_head',
    },
    names: {
      attn_norm: 'operator_norm',
      attn_q: 'self_attn.q_proj',
      attn_k: 'self_attn.k_proj',
      attn_v: 'self_attn.v_proj',
      attn_output: 'self_attn.out_proj',
      attn_q_norm: 'self_attn.q_layernorm',
      attn_k_norm: 'self_attn.k_layernorm',
      'shortconv.in_proj': 'conv.in_proj',
      'shortconv.conv': 'conv.conv',
      'shortconv.out_proj': 'conv.out_proj',
      ffn_norm: 'ffn_norm',
      ffn_gate: 'feed_forward.w1',
      ffn_up: 'feed_forward.w3',
      ffn_down: 'feed_forward.w2',
    },
    flattened: /\.shortconv\.conv\.weight$/,
    config(metadata, { layers }) {
      const key = 'attention.head_count_kv';
      const groups = metadata.perLayer(key, layers);
      const [first, ...rest] = groups.filter((count) => count !== 0);
      if (first === undefined || rest.some((count) => count !== first)) {
        metadata.fail(key, 'is not one number for all layers with an attention, and 0 for others');
      }
      return {
        model_type: 'lfm2',
        num_key_value_heads: first,
        layer_types: groups.map((count) => (count === 0 ? 'conv' : 'full_attention')),
        conv_L_cache: metadata.number('shortconv.l_cache'),
        block_auto_adjust_ff_dim: false,
        norm_eps: metadata.number('attention.layer_norm_rms_epsilon'),
      };
    },
  },
  gpt2: {
    layer: 'transformer.h.',
    others: {
      token_embd: 'transformer.wte',
      position_embd: 'transformer.wpe',
      output_norm: 'transformer.ln_f',
      output: 'lm_head',
    },
    names: {
      attn_norm: 'ln_1',
      attn_qkv: 'attn.c_attn',
      attn_output: 'attn.c_proj',
      ffn_norm: 'ln_2',
      ffn_up: 'mlp.c_fc',
      ffn_down: 'mlp.c_proj',
    },
    transposed: true,
    config: () => ({ model_type: 'gpt2' }),
  },
};
