import { type ConfigReader, type LinearSpec, type NormSpec, readActivation } from '@namm/decoder';
import type { VisionTowerSpec } from './vision-spec.js';

/** Where the towers of CLIP and SigLIP differ. */
export interface VisionTowerTraits {
  /** What stands before the names of its tensors, such as `vision_tower.`. */
  readonly prefix: string;
  readonly isClip: boolean;
  /** Layers that are computed, of those that there are. */
  readonly layers: (all: number) => number;
}

/** No published tower has more. */
const largestLayerCount = 256;
const largestImage = 4096;

/**
 * The tower of CLIP or SigLIP: pre-norm layers with biases throughout.
 *
 * @param config `vision_config`, with its defaults
 * @throws {ModelFolderError} when a value cannot be right
 */
export function visionTower(
  config: ConfigReader,
  { prefix, isClip, layers }: VisionTowerTraits,
): VisionTowerSpec {
  const hiddenSize = config.count('hidden_size');
  const innerSize = config.count('intermediate_size');
  const heads = config.count('num_attention_heads', undefined, hiddenSize);
  if (hiddenSize % heads !== 0) {
    const problem = `${heads} does not divide hidden_size (${hiddenSize})`;
    config.fail('num_attention_heads', problem);
  }
  const imageSize = config.count('image_size', undefined, largestImage);
  const patchSize = config.count('patch_size', undefined, imageSize);
  if (config.count('num_channels', 3) !== 3) config.fail('num_channels', 'only 3 are supported');
  const epsilon = config.number('layer_norm_eps', { above: 0, atMost: 1 });
  const norm = (name: string): NormSpec => ({
    ...{ kind: 'layer', weight: `${prefix}${name}.weight`, bias: `${prefix}${name}.bias` },
    ...{ size: hiddenSize, epsilon, weightOffset: 0 },
  });
  const linear = (name: string, inputs: number, outputs: number): LinearSpec => ({
    ...{ weight: `${prefix}${name}.weight`, bias: `${prefix}${name}.bias`, inputs, outputs },
    layout: 'outputs-first',
  });
  const square = (name: string) => linear(name, hiddenSize, hiddenSize);
  const activation = readActivation(config, 'hidden_act', '');
  const count = layers(config.count('num_hidden_layers', undefined, largestLayerCount));
  const patches = `${prefix}embeddings.patch_embedding`;
  return {
    ...{ imageSize, patchSize, hiddenSize, heads },
    patches: { weight: `${patches}.weight`, bias: isClip ? null : `${patches}.bias` },
    classToken: isClip ? `${prefix}embeddings.class_embedding` : null,
    positions: `${prefix}embeddings.position_embedding.weight`,
    hasPadding: !isClip,
    firstNorm: isClip ? norm('pre_layrnorm') : null, // so spelled
    layers: Array.from({ length: count }, (_, index) => {
      const layer = `encoder.layers.${index}`;
      return {
        beforeAttention: norm(`${layer}.layer_norm1`),
        query: square(`${layer}.self_attn.q_proj`),
        key: square(`${layer}.self_attn.k_proj`),
        value: square(`${layer}.self_attn.v_proj`),
        output: square(`${layer}.self_attn.out_proj`),
        beforeFeedForward: norm(`${layer}.layer_norm2`),
        feedForward: {
          kind: 'plain',
          activation,
          up: linear(`${layer}.mlp.fc1`, hiddenSize, innerSize),
          down: linear(`${layer}.mlp.fc2`, innerSize, hiddenSize),
        },
      };
    }),
    lastNorm: isClip ? null : norm('post_layernorm'),
  };
}
