import type { ConfigReader } from '../source/config-reader.js';
import type { ActivationName } from '../spec/decoder-spec.js';

const activations: Readonly<Record<string, ActivationName>> = {
  silu: 'silu',
  swish: 'silu',
  gelu: 'gelu',
  gelu_fast: 'gelu-tanh',
  gelu_new: 'gelu-tanh',
  gelu_pytorch_tanh: 'gelu-tanh',
  quick_gelu: 'quick-gelu',
  relu: 'relu',
};

/**
 * Reads the name of an activation function as transformers spells it.
 *
 * @param config of the model
 * @param key that names it
 * @param defaultName value if the key is missing
 * @throws {ModelFolderError} when there is no such function
 */
export function readActivation(
  config: ConfigReader,
  key: string,
  defaultName: string,
): ActivationName {
  const name = config.text(key, defaultName);
  const known = Object.hasOwn(activations, name) ? activations[name] : undefined;
  return known ?? config.fail(key, `'${name}' is none of ${Object.keys(activations).join(', ')}`);
}
