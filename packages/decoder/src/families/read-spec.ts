import type { ConfigReader } from '../source/config-reader.js';
import type { DecoderSpec } from '../spec/decoder-spec.js';
import type { Family } from './family.js';
import { gemma2 } from './gemma2.js';
import { gemma3Text } from './gemma3-text.js';
import { gpt2 } from './gpt2.js';
import { llama } from './llama.js';
import { mistral } from './mistral.js';
import { olmo2 } from './olmo2.js';
import { phi3 } from './phi3.js';
import { qwen2 } from './qwen2.js';
import { qwen3 } from './qwen3.js';
import { smollm3 } from './smollm3.js';

const families: readonly Family[] = [
  llama,
  mistral,
  qwen2,
  qwen3,
  smollm3,
  phi3,
  olmo2,
  gemma2,
  gemma3Text,
  gpt2,
];

/** Families that can be run, by their `model_type`. */
export const supportedModelTypes: readonly string[] = families.map(({ modelType }) => modelType);

/**
 * Turns a model's configuration into a spec.
 *
 * @param config its config.json
 * @param hasTensor whether its weights hold a tensor of that name
 * @throws {ModelFolderError} when the family is unknown or a value cannot be right
 */
export function readSpec(config: ConfigReader, hasTensor: (name: string) => boolean): DecoderSpec {
  const modelType = config.text('model_type');
  const family = families.find((candidate) => candidate.modelType === modelType);
  if (!family) {
    const known = supportedModelTypes.join(', ');
    return config.fail('model_type', `'${modelType}' is not supported; supported are ${known}`);
  }
  if (config.has('quantization_config')) {
    const advice = 'use the folder with the unquantised weights (F32, F16 or BF16)';
    config.fail('quantization_config', `quantised weights cannot be read; ${advice}`);
  }
  const embedding = family.embedding ?? 'embed_tokens.weight';
  const prefixes = family.prefixes ?? ['model.', ''];
  const prefix = prefixes.find((candidate) => hasTensor(candidate + embedding)) ?? prefixes[0]!;
  return family.read(config, prefix);
}
