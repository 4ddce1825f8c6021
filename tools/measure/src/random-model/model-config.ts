/** What `config.json` of the measured model says. */
export type ModelConfig = ReturnType<typeof modelConfig>;

/** More than SmolLM2 has, for long prompts. */
export const maximumPositions = 32768;

/** The sizes of SmolLM2-135M, with room for more positions, and as many layers and tokens as asked for. */
export function modelConfig(layers: number, vocabulary: number) {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    num_hidden_layers: layers,
    hidden_size: 576,
    intermediate_size: 1536,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    head_dim: 64,
    vocab_size: vocabulary,
    max_position_embeddings: maximumPositions,
    rope_theta: 100000,
    rms_norm_eps: 1e-5,
    hidden_act: 'silu',
    tie_word_embeddings: true,
    torch_dtype: 'float32',
  };
}
