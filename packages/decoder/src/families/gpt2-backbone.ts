import type { ConfigReader } from '../source/config-reader.js';
import type { BackboneSpec, LinearSpec, NormSpec } from '../spec/decoder-spec.js';
import { readLayerCount } from './gated-decoder.js';
import { readActivation } from './read-activation.js';

/** How a model built on GPT-2 differs from it. */
export interface Gpt2Traits {
  /** Prefix of its tensor names, such as `transformer.`. */
  readonly prefix: string;
  /** The key of the hidden size. */
  readonly hiddenSize: string;
  /** Defaults for keys missing in the configuration; without a default, a missing key is an error. */
  readonly defaults?: {
    readonly hiddenSize: number;
    readonly layers: number;
    readonly heads: number;
    readonly activation: string;
  };
}

/**
 * The layers of GPT-2, which other models also use: layer norms, fused projections stored `[inputs, outputs]`.
 *
 * @param config of the model
 * @param traits how it differs from GPT-2
 * @returns a backbone except for its name and positions
 * @throws {ModelFolderError} when a value is invalid
 */
export function gpt2Backbone(
  config: ConfigReader,
  { prefix, hiddenSize: hiddenKey, defaults }: Gpt2Traits,
): Omit<BackboneSpec, 'family' | 'maximumPositions'> {
  const hiddenSize = config.count(hiddenKey, defaults?.hiddenSize);
  const heads = config.count('n_head', defaults?.heads, hiddenSize);
  const headSize = hiddenSize / heads;
  if (!Number.isInteger(headSize)) {
    config.fail(hiddenKey, `${hiddenSize} is not a multiple of n_head (${heads})`);
  }
  const layers = readLayerCount(config, 'n_layer', defaults?.layers);
  const innerSize = config.optionalCount('n_inner') ?? 4 * hiddenSize;
  const epsilon = config.number('layer_norm_epsilon', { above: 0, atMost: 1, default: 1e-5 });
  const activation = readActivation(
    config,
    'activation_function',
    defaults?.activation ?? 'gelu_new',
  );
  const scale = config.boolean('scale_attn_weights', true) ? 1 / Math.sqrt(headSize) : 1;
  const byLayer = config.boolean('scale_attn_by_inverse_layer_idx', false);
  const norm = (name: string): NormSpec => ({
    kind: 'layer',
    weight: `${prefix}${name}.weight`,
    bias: `${prefix}${name}.bias`,
    size: hiddenSize,
    epsilon,
    weightOffset: 0,
  });
  const linear = (name: string, inputs: number, outputs: number): LinearSpec => ({
    weight: `${prefix}${name}.weight`,
    bias: `${prefix}${name}.bias`,
    inputs,
    outputs,
    layout: 'inputs-first',
  });
  return {
    hiddenSize,
    rotary: [],
    layers: Array.from({ length: layers }, (_, index) => ({
      norms: {
        beforeAttention: norm(`h.${index}.ln_1`),
        afterAttention: null,
        beforeFeedForward: norm(`h.${index}.ln_2`),
        afterFeedForward: null,
      },
      attention: {
        queryHeads: heads,
        keyValueHeads: heads,
        headSize,
        scale: byLayer ? scale / (index + 1) : scale,
        softCap: null,
        window: null,
        rotary: null,
        projections: {
          kind: 'fused',
          all: linear(`h.${index}.attn.c_attn`, hiddenSize, 3 * hiddenSize),
        },
        queryKeyNorm: null,
        output: linear(`h.${index}.attn.c_proj`, hiddenSize, hiddenSize),
      },
      feedForward: {
        kind: 'plain',
        activation,
        up: linear(`h.${index}.mlp.c_fc`, hiddenSize, innerSize),
        down: linear(`h.${index}.mlp.c_proj`, innerSize, hiddenSize),
      },
    })),
    finalNorm: norm('ln_f'),
  };
}
