import { modelConfig } from '../random-model/model-config.js';

/** Sizes of the measured model: those of SmolVLM2-256M, with as many layers as asked for. */
export interface VideoSizes {
  /** Of the decoder; 30 in SmolVLM2-256M. */
  readonly layers: number;
  /** Of the vision tower; 12 in SmolVLM2-256M. */
  readonly visionLayers: number;
  readonly vocabulary: number;
}

export type VideoConfig = ReturnType<typeof videoConfig>;

/** What `config.json` of the measured model says. */
export function videoConfig({ layers, visionLayers, vocabulary }: VideoSizes) {
  return {
    architectures: ['SmolVLMForConditionalGeneration'],
    model_type: 'smolvlm',
    image_token_id: 256,
    scale_factor: 4,
    text_config: modelConfig(layers, vocabulary),
    vision_config: {
      model_type: 'smolvlm_vision',
      ...{ hidden_size: 768, intermediate_size: 3072, num_attention_heads: 12 },
      ...{ num_hidden_layers: visionLayers, image_size: 512, patch_size: 16 },
      ...{ hidden_act: 'gelu_pytorch_tanh', layer_norm_eps: 1e-6 },
    },
  };
}
