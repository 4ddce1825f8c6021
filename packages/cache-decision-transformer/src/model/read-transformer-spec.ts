import { gpt2Backbone, type ModelFolder } from '@namm/decoder';
import { findNames, type TensorNames } from './tensor-names.js';
import type { TransformerSpec } from './transformer-spec.js';

/** Positions of the cache: nothing of the model depends on them, for time is part of the rows. */
const endless = 2 ** 31 - 1;

/**
 * Turns the configuration of a Decision Transformer into a spec. Keys that are left out have the values that
 * transformers gives them. One key is ours: `return_conditioning`, `tokens` or `in-states`.
 *
 * @param folder with the configuration
 * @returns the spec, and what its tensors are called
 * @throws {ModelFolderError} naming the key that cannot be, or a tensor that no Decision Transformer has
 */
export function readTransformerSpec({ config, weights, path }: ModelFolder): {
  readonly spec: TransformerSpec;
  readonly names: TensorNames;
} {
  const type = config.text('model_type');
  if (type !== 'decision_transformer') {
    config.fail('model_type', `'${type}' is not decision_transformer`);
  }
  if (config.boolean('add_cross_attention', false)) {
    config.fail('add_cross_attention', 'cross-attention is not supported');
  }
  const returns = config.text('return_conditioning', 'tokens');
  if (returns !== 'tokens' && returns !== 'in-states') {
    return config.fail('return_conditioning', `'${returns}' is none of tokens, in-states`);
  }
  const names = findNames(path, [...weights.keys()]);
  const layers = gpt2Backbone(config, {
    prefix: names.encoder,
    hiddenSize: 'hidden_size',
    defaults: { hiddenSize: 128, layers: 3, heads: 1, activation: 'relu' },
  });
  const table = `${names.outer}embed_timestep.weight`;
  const spec: TransformerSpec = {
    stateSize: config.count('state_dim', 17),
    actionSize: config.count('act_dim', 4),
    timesteps: config.count('max_ep_len', weights.get(table)?.shape[0] ?? 4096),
    actionTanh: config.boolean('action_tanh', true),
    returns,
    backbone: {
      ...layers,
      family: 'decision_transformer',
      maximumPositions: endless,
      vocabularySize: null,
      embedding: null,
      learnedPositions: null,
      head: null,
    },
  };
  return { spec, names };
}
