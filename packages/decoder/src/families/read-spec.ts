import type { ConfigReader } from '../source/config-reader.js';
import type { DecoderSpec } from '../spec/decoder-spec.js';
import type { Family } from './family.js';
import { gemma2 } from './gemma2.js';
import { gemma3Text } from './gemma3-text.js';
import { gptOss } from './gpt-oss.js';
import { gpt2 } from './gpt2.js';
import { lfm2 } from './lfm2.js';
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
  lfm2,
  gptOss,
  gpt2,
];

/** Supported families, by their `model_type`. */
export const supportedModelTypes: readonly string[] = families.map(({ modelType }) => modelType);

/**
 * Turns a model's configuration into a spec.
 *
 * @param config its config.json
 * @param hasWeight whether there is a weight with that name
 * @param prefix prefix of its weight names, if unusual
 * @returns the model
 * @throws {ModelFolderError} when the family is unknown or a value is invalid
 *
 * @example
 * ```ts
 * const { config, weights } = await openModelFolder(path); // of a model for pictures and text
 * const text = config.optionalObject('text_config')!;
 * const spec = readSpec(text, (name) => weights.has(name), 'language_model.model.');
 * ```
 */
export function readSpec(
  config: ConfigReader,
  hasWeight: (name: string) => boolean,
  prefix?: string,
): DecoderSpec {
  const modelType = config.text('model_type');
  const family = families.find((candidate) => candidate.modelType === modelType);
  if (!family) {
    const known = supportedModelTypes.join(', ');
    return config.fail('model_type', `'${modelType}' is not supported; supported are ${known}`);
  }
  if (config.has('quantization_config')) {
    const advice = 'use the folder with the unquantised weights (F32, F16 or BF16)';
    const method = config.optionalObject('quantization_config')?.text('quant_method', '');
    const named = method ? ` (${method})` : '';
    config.fail('quantization_config', `quantised weights${named} cannot be read; ${advice}`);
  }
  const { prefixes = ['model.', ''], finalNorm = 'norm.weight' } = family;
  const found = prefix ?? prefixes.find((candidate) => hasWeight(candidate + finalNorm));
  return withStoredEmbedding(family.read(config, found ?? prefixes[0]!), hasWeight);
}

/** A matrix that embedding and head share may be stored under the head's name alone. */
function withStoredEmbedding(spec: DecoderSpec, hasWeight: (name: string) => boolean): DecoderSpec {
  const { embedding, head } = spec;
  if (!embedding || !head || head.linear.weight !== embedding.weight) return spec;
  const weight = embedding.weight.replace(/(model\.)?embed_tokens|(transformer\.)?wte/, 'lm_head');
  if (hasWeight(embedding.weight) || !hasWeight(weight)) return spec;
  return {
    ...spec,
    embedding: { ...embedding, weight },
    head: { ...head, linear: { ...head.linear, weight } },
  };
}
