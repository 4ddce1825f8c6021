import {
  GenerationConfig,
  type PreTrainedModel,
  type PretrainedConfig,
  type Tensor,
} from '@huggingface/transformers';
import { checkSignal, InvalidArgumentError, type ProgressListener, suggestName } from '@namm/core';
import type { Decoder } from '@namm/decoder';
import type { NammCache } from './namm-cache.js';
import type { AnyDecoder, PolicyOf } from './sequence-model.js';

export type BaseParameters = Parameters<PreTrainedModel['generate']>[0];

/** Options of `generate`: those of transformers.js and a few more. */
export type GenerateParameters<Engine extends AnyDecoder = Decoder> = Omit<
  BaseParameters,
  'past_key_values'
> & {
  /** The cache to continue with; null or omitted for a new one. */
  past_key_values?: NammCache<Engine> | null;
  /** Policy of the new cache, by default the model's; the model must compute its probe. */
  policy?: PolicyOf<Engine>;
  /** Stops between chunks of the prompt and between tokens, with the signal's reason. */
  signal?: AbortSignal;
  /** Called as the prompt is read: stage `tokens`. */
  onProgress?: ProgressListener;
};

/** What `generate` returns with `return_dict_in_generate`. */
export interface GenerateResult<Engine extends AnyDecoder = Decoder> {
  /** Prompt and answer, int64 `[batch, tokens]`. */
  readonly sequences: Tensor;
  /** The cache: all of `sequences` except the last token of each row. */
  readonly past_key_values: NammCache<Engine>;
}

/** What a model computes: `logits` `[batch, tokens, vocabulary]`, and the cache that now contains the tokens. */
export interface ForwardResult<Engine extends AnyDecoder = Decoder> {
  readonly logits: Tensor;
  readonly past_key_values: NammCache<Engine>;
}

/** What `generate` takes beside the settings of a `GenerationConfig`; tokenizers make `token_type_ids`. */
const generateOptions = [
  ...['past_key_values', 'policy', 'signal', 'onProgress'],
  ...['inputs', 'input_ids', 'attention_mask', 'token_type_ids'],
  ...['generation_config', 'logits_processor', 'stopping_criteria', 'streamer'],
];

/**
 * transformers.js ignores what it does not know: a misspelt `past_key_values` would forget the cache.
 *
 * @throws {InvalidArgumentError} naming what `generate` does not take, or a signal that is none
 */
export function checkGenerateNames(
  given: object,
  config: PretrainedConfig,
  ofTheModel: object | null | undefined,
): void {
  const settings = [...Object.keys(new GenerationConfig(config)), ...Object.keys(ofTheModel ?? {})];
  const known = [...generateOptions, ...settings];
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || known.includes(name)) continue;
    const meant = suggestName(name, known);
    const question = meant === null ? '' : `. Did you mean ${meant}?`;
    const listed = `${generateOptions.join(', ')}, and the settings of GenerationConfig`;
    throw new InvalidArgumentError(
      name,
      `is not an option of generate; there are ${listed}${question}`,
    );
  }
  checkSignal((given as { signal?: unknown }).signal);
}
