import {
  CausalLMOutputWithPast,
  PreTrainedModel,
  type PretrainedConfig,
  StoppingCriteriaList,
  Tensor,
} from '@huggingface/transformers';
import { checkNames, checkSignal, InvalidArgumentError } from '@namm/core';
import { CacheUseError, type Decoder, DecoderWorker, requireProbe } from '@namm/decoder';
import type {
  CreateCacheOptions,
  EvictionPolicy,
  KVCacheOptions,
  StepOptions,
} from '@namm/kv-cache';
import {
  type BaseParameters,
  checkGenerateNames,
  type ForwardResult,
  type GenerateParameters,
  type GenerateResult,
} from './generate-parameters.js';
import { checkSettings, type Settings } from './generate-settings.js';
import { withLikely } from './likely-tokens.js';
import { loadPretrained, type ModelParts } from './load-pretrained.js';
import { logitsTensor } from './logits-tensor.js';
import type { NammCache } from './namm-cache.js';
import {
  checkPolicy,
  type NammModelOptions,
  type NammWorkerOptions,
} from './pretrained-options.js';
import { type ReadingPlan, SequenceCaches } from './sequence-caches.js';
import type {
  AnyDecoder,
  AnyPolicy,
  CacheOptions,
  PolicyOf,
  SequenceModel,
} from './sequence-model.js';
import { paddedRows, readTokenRows } from './token-rows.js';
import { WritingCriteria } from './writing-criteria.js';

const cacheOptions = [
  'policy',
  'positions',
  'keepOutsideWindow',
  'decideAfter',
] as const satisfies readonly (keyof CreateCacheOptions<AnyPolicy>)[];

/** Travels from `generate` to `forward` with the inputs of the model. */
interface Turn {
  /** What is to be read first; after that, each token that is written. */
  readonly plan?: ReadingPlan;
}

/**
 * A causal language model for transformers.js that runs on `@namm/decoder`, with caches that forget what their policy
 * does not keep. `generate`, sampling, streamers, stopping criteria, logits processors, `TextGenerationPipeline`,
 * tokenizers and chat templates come from transformers.js.
 *
 * @example
 * ```ts
 * const policy = h2o({ budget: 512 });
 * const model = await NammModelForCausalLM.from_pretrained('HuggingFaceTB/SmolLM2-135M-Instruct', { policy });
 * const tokenizer = await AutoTokenizer.from_pretrained('HuggingFaceTB/SmolLM2-135M-Instruct');
 * const inputs = tokenizer('Once upon a time');
 * const sequences = await model.generate({ ...inputs, max_new_tokens: 50 });
 * console.log(tokenizer.decode(sequences[0], { skip_special_tokens: true }));
 * ```
 */
export class NammModelForCausalLM<Engine extends AnyDecoder = Decoder> extends PreTrainedModel {
  /** The direct API to the same weights. */
  readonly decoder: Engine;
  /** The folder or GGUF file that the model was loaded from. */
  readonly folder: string;
  /**
   * The model's chat template; null if it has none. `AutoTokenizer` of transformers.js 4.3.1 finds only templates in
   * `tokenizer_config.json`, while newer models have them in `chat_template.jinja`. Its `apply_chat_template` also
   * silently renders some templates differently from transformers; `loadTokenizer(model.folder)` of `@namm/decoder`
   * renders them correctly.
   */
  readonly chat_template: string | null;
  readonly #policy: PolicyOf<Engine> | undefined;
  #disposed = false;

  /** Called by {@link from_pretrained}. */
  constructor(
    config: PretrainedConfig,
    sessions: Record<string, unknown>,
    configs: Record<string, object>,
    parts: ModelParts<Engine>,
  ) {
    super(config, sessions, configs);
    this.can_generate = true;
    this.forward_params = [
      ...['input_ids', 'attention_mask', 'past_key_values'],
      ...['turn', 'num_logits_to_keep', 'signal', 'onProgress'],
    ];
    this.decoder = parts.decoder;
    this.folder = parts.folder;
    this.chat_template = parts.chatTemplate;
    this.#policy = parts.policy;
  }

  /**
   * Loads a model: from a folder, from the cache, or from the hub.
   *
   * @param model a path (absolute, or beginning with `./`) or the id of a model with safetensors weights; or a GGUF
   *   file: its path, a folder that holds one, or `OWNER/NAME:FILE.gguf` on the hub
   * @throws {InvalidArgumentError} naming the invalid option
   * @throws {ModelFolderError | FileFormatError} when a file is missing, damaged or not supported
   * @throws {MissingWeightsError} when a model has no safetensors (only ONNX files, for instance)
   * @throws {ModelAccessError | ModelNotFoundError | DownloadError} when the hub refuses access, does not know the
   *   model, or a download fails; what was fetched is kept, and the next call resumes
   * @throws {RuntimeFailure} when ONNX Runtime refuses the model
   */
  static override from_pretrained(
    model: string,
    options: NammWorkerOptions,
  ): Promise<NammModelForCausalLM<DecoderWorker>>;
  static override from_pretrained(
    model: string,
    options?: NammModelOptions,
  ): Promise<NammModelForCausalLM>;
  static override async from_pretrained(
    model: string,
    options: NammModelOptions | NammWorkerOptions = {},
  ): Promise<NammModelForCausalLM<AnyDecoder>> {
    const { config, sessions, configs, parts } = await loadPretrained(model, options);
    return new this<AnyDecoder>(config, sessions, configs, parts);
  }

  /**
   * Makes an empty cache, to pass as `past_key_values` from one call of `generate` to the next.
   *
   * @param options as for the decoder's `createCache`; the policy is the model's by default, and the model must compute
   *   its probe. With a model in a worker, invalid options are reported when the first tokens are read.
   * @throws {CacheUseError} when the model does not compute the policy's probe
   * @throws {InvalidArgumentError} when the model does not support the policy or an option
   */
  createCache(options: CreateCacheOptions<PolicyOf<Engine>> = {}): NammCache<Engine> {
    checkNames('createCache', options, cacheOptions);
    const all = this.#checkCacheOptions(options);
    return new SequenceCaches(this.decoder as SequenceModel, all) as unknown as NammCache<Engine>;
  }

  /**
   * Restores the cache that `cache.save(folder)` wrote; it continues exactly as the saved one would have.
   *
   * @param options.policy the policy that it was saved with, by default the model's
   * @throws {FileFormatError} when a file cannot be read, is truncated, or is not a saved cache
   * @throws {CacheMismatchError} when it was saved with another model, policy or settings
   * @throws what {@link createCache} throws
   */
  async restoreCache(
    folder: string,
    options: { readonly policy?: PolicyOf<Engine> } = {},
  ): Promise<NammCache<Engine>> {
    checkNames('restoreCache', options, ['policy']);
    const all = this.#checkCacheOptions(options);
    const cache = await SequenceCaches.restore(this.decoder as SequenceModel, all, folder);
    return cache as unknown as NammCache<Engine>;
  }

  /**
   * `generate` of transformers.js. A prompt may be the whole conversation, or only what is new since the last answer,
   * with or without that answer's last token. Passing an earlier prompt again starts over. See the README. Generation
   * also ends when the model runs out of positions.
   *
   * @throws {InvalidArgumentError | DecoderInputError} when the prompt cannot be read
   * @throws {CacheUseError} when `past_key_values` is not a cache of this model
   * @throws {PromptMismatchError} when it is unclear which part of the prompt is new
   * @throws {CacheBusyError} when another call uses `past_key_values`
   * @throws {PositionLimitError} when the prompt is longer than the model supports; after this and all errors above,
   *   nothing has changed
   * @throws whatever else {@link Decoder.step} throws
   */
  override generate(
    parameters: GenerateParameters<Engine> & { return_dict_in_generate: true },
  ): Promise<GenerateResult<Engine>>;
  override generate(parameters: GenerateParameters<Engine>): Promise<Tensor>;
  override async generate(
    parameters: GenerateParameters<Engine>,
  ): Promise<Tensor | GenerateResult<Engine>> {
    checkGenerateNames(parameters, this.config, this.generation_config);
    const { inputs, policy, past_key_values, signal, onProgress, ...others } = parameters;
    const input_ids = (others.input_ids ?? inputs) as Tensor;
    const prompt = readTokenRows(input_ids, others.attention_mask);
    const settings = checkSettings(
      { ...(others.generation_config ?? {}), ...others, streamer: undefined },
      (this.generation_config ?? {}) as Settings,
      prompt.width,
    );
    const count = Number(settings.num_return_sequences ?? 1);
    const cache = this.#cacheOf(past_key_values, policy);
    const hold = cache.hold('generate');
    const step = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
    let result: unknown;
    try {
      const plan = cache.plan(prompt);
      if (count > 1) {
        const { forks, unread } = await cache.forkAtEnd(prompt, plan, count, step);
        const padded = paddedRows(prompt.rows.flatMap((ids) => new Array(count).fill(ids)));
        const all = { ...others, ...padded, num_return_sequences: 1, ...step };
        try {
          result = await this.#write(all, forks, unread, settings);
        } finally {
          if (!isHandedOut(result)) await forks.dispose();
        }
      } else {
        result = await this.#write({ ...others, input_ids, ...step }, cache, plan, settings);
      }
      return result as Tensor | GenerateResult<Engine>;
    } finally {
      hold.release();
      if (!past_key_values && (count > 1 || !isHandedOut(result))) await cache.dispose();
    }
  }

  /** Writes answers behind a cache, as `generate` of transformers.js does. */
  async #write(
    parameters: Record<string, unknown>,
    cache: SequenceCaches,
    plan: ReadingPlan,
    settings: Settings,
  ): Promise<unknown> {
    const { stopping_criteria, logits_processor } = parameters as BaseParameters;
    const turn: Turn = { plan };
    return super.generate({
      ...parameters,
      past_key_values: cache as never,
      stopping_criteria: this.#withWriting(cache, stopping_criteria),
      logits_processor: withLikely(logits_processor, settings) as never,
      turn,
    });
  }

  /**
   * One forward pass over new tokens, as `generate` and `model(inputs)` call it. Padding is left out.
   *
   * @param inputs.input_ids int64 `[batch, tokens]`: new tokens only
   * @param inputs.attention_mask `[batch, tokens]`, or `[batch, seen + tokens]` with a cache
   * @param inputs.num_logits_to_keep how many of the last tokens get logits; 0 or nothing for all
   */
  override async forward(inputs: Record<string, unknown>): Promise<ForwardResult<Engine>> {
    const { past_key_values, num_logits_to_keep, position_ids, inputs_embeds, turn } = inputs;
    const { signal, onProgress } = inputs as StepOptions;
    checkSignal(signal);
    refuse('position_ids', position_ids, 'positions follow from the cache');
    refuse('inputs_embeds', inputs_embeds, 'use model.decoder.step with `embeddings`');
    const tokens = readTokenRows(inputs.input_ids, inputs.attention_mask);
    const cache = this.#cacheOf(past_key_values, undefined);
    const kept = Number((num_logits_to_keep as Tensor | undefined)?.data[0] ?? 0);
    const options = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
    const hold = turn ? null : cache.hold('forward'); // `generate` has it already
    const logits = await cache
      .read(tokens, kept === 1 ? 'last' : 'all', options, (turn as Turn | undefined)?.plan)
      .finally(() => hold?.release());
    const { vocabularySize } = this.decoder.spec;
    return new CausalLMOutputWithPast({
      logits: logitsTensor(logits, tokens, kept, vocabularySize!),
      past_key_values: cache as never,
    }) as unknown as ForwardResult<Engine>;
  }

  /** Feeds the tokens that the cache has not read yet. @internal */
  override prepare_inputs_for_generation(
    _generated: bigint[][],
    inputs: Record<string, unknown>,
  ): Record<string, unknown> {
    const { plan } = inputs.turn as Turn;
    const num_logits_to_keep = new Tensor('int64', [1n], []);
    return { ...inputs, ...(plan && paddedRows(plan.unread)), num_logits_to_keep };
  }

  /** Feeds the tokens that were just written: all of them are real. @internal */
  override _update_model_kwargs_for_generation({
    generated_input_ids,
    model_inputs,
  }: {
    generated_input_ids: bigint[][];
    model_inputs: Record<string, unknown>;
  }): Record<string, unknown> {
    const dims = [generated_input_ids.length, 1];
    const input_ids = new Tensor('int64', generated_input_ids.flat(), dims);
    const { onProgress: _, ...others } = model_inputs; // the prompt is read
    const turn: Turn = {};
    return { ...others, input_ids, attention_mask: null, turn };
  }

  /** Frees the weights. A second call does nothing. The model cannot be used afterwards. */
  // biome-ignore lint/suspicious/noConfusingVoidType: transformers.js says so
  override async dispose(): Promise<void[]> {
    if (this.#disposed) return [];
    this.#disposed = true;
    return super.dispose();
  }

  #checkCacheOptions(given: CreateCacheOptions<PolicyOf<Engine>>): CacheOptions {
    this.#mustBeUsable();
    const policy: AnyPolicy | undefined = given.policy ?? this.#policy;
    const options: CacheOptions = { ...given, ...(policy && { policy }) };
    const { decoder } = this;
    if (policy) checkPolicy(policy, decoder instanceof DecoderWorker);
    if (decoder instanceof DecoderWorker) return options;
    if (policy) requireProbe(decoder.probe, policy as EvictionPolicy);
    (decoder as Decoder).createCache(options as KVCacheOptions); // throws when it cannot be
    return options;
  }

  #withWriting(
    cache: SequenceCaches,
    given: GenerateParameters['stopping_criteria'],
  ): StoppingCriteriaList {
    const criteria = new StoppingCriteriaList();
    criteria.push(new WritingCriteria(cache)); // first, so that it knows even if another one throws
    if (given) criteria.extend(given as StoppingCriteriaList);
    return criteria;
  }

  #cacheOf(given: unknown, policy: PolicyOf<Engine> | undefined): SequenceCaches {
    this.#mustBeUsable();
    if (given === null || given === undefined) {
      return this.createCache(policy ? { policy } : {}) as unknown as SequenceCaches;
    }
    if (!(given instanceof SequenceCaches)) {
      const problem =
        'past_key_values is not a cache of this model; pass one of its createCache(), or none.';
      throw new CacheUseError(problem);
    }
    if (policy) {
      const problem = 'the cache in past_key_values has one already; pass one of the two';
      throw new InvalidArgumentError('policy', problem);
    }
    given.mustBelongTo(this.decoder as SequenceModel);
    return given;
  }

  #mustBeUsable(): void {
    if (this.#disposed) throw new CacheUseError('The model was disposed of; load it again.');
  }
}

function isHandedOut(result: unknown): boolean {
  return (result as { past_key_values?: unknown } | undefined)?.past_key_values !== undefined;
}

function refuse(name: string, value: unknown, advice: string): void {
  if (value === null || value === undefined) return;
  throw new InvalidArgumentError(name, `is not supported: ${advice}`);
}
