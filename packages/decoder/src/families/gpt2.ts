import type { LinearSpec, NormSpec } from '../spec/decoder-spec.js';
import type { Family } from './family.js';
import { readLayerCount } from './gated-decoder.js';
import { readActivation } from './read-activation.js';

/** GPT-2: learned positions, layer norms, fused projections stored `[inputs, outputs]`. */
export const gpt2: Family = {
  modelType: 'gpt2',
  prefixes: ['transformer.', ''],
  finalNorm: 'ln_f.weight',
  read(config, prefix) {
    const hiddenSize = config.count('n_embd');
    const heads = config.count('n_head', undefined, hiddenSize);
    const headSize = hiddenSize / heads;
    if (!Number.isInteger(headSize)) {
      config.fail('n_embd', `${hiddenSize} is no multiple of n_head (${heads})`);
    }
    const innerSize = config.optionalCount('n_inner') ?? 4 * hiddenSize;
    const epsilon = config.number('layer_norm_epsilon', { above: 0, atMost: 1, default: 1e-5 });
    const activation = readActivation(config, 'activation_function', 'gelu_new');
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
    const embedding = `${prefix}wte.weight`;
    const vocabularySize = config.count('vocab_size');
    const positions = config.count('n_positions', 1024);
    const tied = config.boolean('tie_word_embeddings', true);
    return {
      family: 'gpt2',
      vocabularySize,
      hiddenSize,
      maximumPositions: positions,
      embedding: { weight: embedding, scale: 1 },
      learnedPositions: { weight: `${prefix}wpe.weight`, count: positions },
      rotary: [],
      layers: Array.from({ length: readLayerCount(config, 'n_layer') }, (_, index) => ({
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
      head: {
        linear: {
          weight: tied ? embedding : 'lm_head.weight',
          bias: null,
          inputs: hiddenSize,
          outputs: vocabularySize,
          layout: 'outputs-first',
        },
        softCap: null,
      },
    };
  },
};
