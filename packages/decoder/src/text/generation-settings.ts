import { join } from 'node:path';
import { checkNames, InvalidArgumentError } from '@namm/core';

import { readJsonObject } from './read-json-object.js';
import { TokenizerError } from './tokenizer-error.js';

type Json = Readonly<Record<string, unknown>>;

/** How the next token is sampled; names and meanings as in transformers. */
export interface SamplingSettings {
  /** 0 takes the most likely token; more makes unlikely tokens likelier. */
  readonly temperature: number;
  /** Sample only from this many of the likeliest tokens; 0 for all. */
  readonly topK: number;
  /** Sample only from the likeliest tokens that together reach this probability; 1 for all. */
  readonly topP: number;
  /** Sample only from tokens at least this share as likely as the likeliest; 0 for all. */
  readonly minP: number;
  /** Above 1, tokens of the prompt and the answer become less likely to be repeated. */
  readonly repetitionPenalty: number;
  /**
   * Subtracted from the logit of every token that the answer already contains; below 0 it becomes likelier to be
   * repeated.
   */
  readonly presencePenalty: number;
  /** Subtracted from it once for each occurrence in the answer. */
  readonly frequencyPenalty: number;
  /** No sequence of this many tokens may occur twice; 0 for no such rule. */
  readonly noRepeatNgramSize: number;
}

/**
 * Checks sampling settings that a caller gives.
 *
 * @throws {InvalidArgumentError} for a name that does not exist or a value that means nothing
 */
export function checkSampling(sampling: Partial<SamplingSettings>): void {
  checkNames('sampling', sampling, Object.keys(ranges) as (keyof SamplingSettings)[]);
  for (const [name, range] of Object.entries(ranges)) {
    const value = sampling[name as keyof SamplingSettings];
    if (value === undefined || isWithin(value, range)) continue;
    throw new InvalidArgumentError(`sampling.${name}`, `${value} is not ${spelled(range)}`);
  }
}

/** Smallest and largest value, and whether it is whole. */
type Range = readonly [least: number, most: number, isWhole: boolean];

const ranges: Record<keyof SamplingSettings, Range> = {
  temperature: [0, Infinity, false],
  topK: [0, Infinity, true],
  topP: [0, 1, false],
  minP: [0, 1, false],
  repetitionPenalty: [Number.MIN_VALUE, Infinity, false],
  presencePenalty: [-Infinity, Infinity, false],
  frequencyPenalty: [-Infinity, Infinity, false],
  noRepeatNgramSize: [0, Infinity, true],
};

function isWithin(value: number, [least, most, isWhole]: Range): boolean {
  return Number.isFinite(value) && value >= least && value <= most && (!isWhole || value % 1 === 0);
}

function spelled([least, most, isWhole]: Range): string {
  if (least === -Infinity) return 'a number';
  const number = isWhole ? 'a whole number' : 'a number';
  const from = least === Number.MIN_VALUE ? 'above 0' : `from ${least}`;
  const to = most !== Infinity ? ` to ${most}` : least === Number.MIN_VALUE ? '' : ' on';
  return `${number} ${from}${to}`;
}

/** Generation settings of a model folder. */
export interface GenerationSettings {
  /** Every one of these ids ends an answer. */
  readonly endIds: readonly number[];
  readonly sampling: SamplingSettings;
  /** Added to the logits of some ids. */
  readonly logitBias: ReadonlyMap<number, number>;
  /** Ids that are never written. */
  readonly suppressedIds: readonly number[];
  /** Ids that an answer does not begin with. */
  readonly suppressedFirstIds: readonly number[];
  /** Sequences of ids that are never completed. */
  readonly forbiddenSequences: readonly (readonly number[])[];
  /** The last token of an answer that reaches its limit is one of these; empty for any. */
  readonly forcedLastIds: readonly number[];
  /** The second token of a sequence, if the prompt is only its first token; null for any. */
  readonly forcedFirstId: number | null;
  /** Tokens before which no end token is written. */
  readonly minNewTokens: number;
  /** The same, with those of the prompt. */
  readonly minTokens: number;
  /** Texts that end an answer. */
  readonly stop: readonly string[];
  /** Settings of the folder that this package does not support, as `name: value`. */
  readonly unsupported: readonly string[];
  /** The file with the settings, for messages. */
  readonly file: string;
}

/** Settings that change the answer and that nothing here can do, with the values that mean "off". */
const unsupportedSettings: Readonly<Record<string, readonly unknown[]>> = {
  num_beams: [1],
  num_beam_groups: [1],
  diversity_penalty: [0],
  penalty_alpha: [0],
  typical_p: [1],
  epsilon_cutoff: [0],
  eta_cutoff: [0],
  top_h: [],
  guidance_scale: [1],
  encoder_repetition_penalty: [1],
  encoder_no_repeat_ngram_size: [0],
  exponential_decay_length_penalty: [],
  sequence_bias: [],
  dola_layers: [],
  watermarking_config: [],
  token_healing: [false],
  force_words_ids: [],
  constraints: [],
  forced_decoder_ids: [],
  num_return_sequences: [1],
  max_time: [],
};

/**
 * How the folder's model is to be run: `generation_config.json`, and for end tokens `config.json` where that
 * names none, as `generate` of transformers reads them.
 *
 * @param folder a Hugging Face model folder
 * @returns a function of the tokenizer's own end token, which counts where no file names one; greedy decoding without further rules when the folder has no `generation_config.json`
 * @throws {TokenizerError} when a file is damaged, or a setting has a value that means nothing
 *
 * @example
 * ```ts
 * const { endIds, sampling } = (await readGenerationSettings('model'))(null);
 * ```
 */
export async function readGenerationSettings(
  folder: string,
): Promise<(eosId: number | null) => GenerationSettings> {
  const file = join(folder, 'generation_config.json');
  const generation = (await readJsonObject(file)) ?? {};
  const modelFile = join(folder, 'config.json');
  const model = (await readJsonObject(modelFile)) ?? {};
  const textModel = (model.text_config ?? {}) as Json;
  const read = new SettingsReader(file, generation);
  const endIds =
    read.ids('eos_token_id') ??
    new SettingsReader(modelFile, model).ids('eos_token_id') ??
    new SettingsReader(modelFile, textModel).ids('eos_token_id');
  return (eosId) => generationSettings(file, generation, endIds ?? (eosId === null ? [] : [eosId]));
}

/**
 * Settings as `generation_config.json` spells them, with transformers' defaults.
 *
 * @param file for messages
 * @param generation what it says; greedy decoding without further rules when that is nothing
 * @param endIds ids that end an answer
 * @throws {TokenizerError} when a setting has a value that means nothing
 */
export function generationSettings(
  file: string,
  generation: Json,
  endIds: readonly number[],
): GenerationSettings {
  const read = new SettingsReader(file, generation);
  const temperature = read.number('temperature', 1, ranges.temperature);
  const forcedFirst = read.ids('forced_bos_token_id') ?? [];
  return {
    endIds,
    sampling: {
      temperature: read.flag('do_sample') ? temperature : 0,
      topK: read.count('top_k', 50), // the default of transformers
      topP: read.number('top_p', 1, ranges.topP),
      minP: read.number('min_p', 0, ranges.minP),
      repetitionPenalty: read.number('repetition_penalty', 1, ranges.repetitionPenalty),
      presencePenalty: 0, // of OpenAI's interface; folders know none
      frequencyPenalty: 0,
      noRepeatNgramSize: read.count('no_repeat_ngram_size', 0),
    },
    logitBias: new Map(),
    suppressedIds: read.ids('suppress_tokens') ?? [],
    suppressedFirstIds: read.ids('begin_suppress_tokens') ?? [],
    // As in transformers, an end token cannot be forbidden.
    forbiddenSequences: read
      .sequences('bad_words_ids')
      .filter((ids) => ids.length > 1 || !endIds.includes(ids[0]!)),
    forcedFirstId: forcedFirst[0] ?? null,
    forcedLastIds: read.ids('forced_eos_token_id') ?? [],
    minNewTokens: read.count('min_new_tokens', 0),
    minTokens: read.count('min_length', 0),
    stop: read.texts('stop_strings'),
    unsupported: Object.entries(unsupportedSettings)
      .filter(([name, off]) => !isOff(generation[name], off))
      .map(([name]) => `${name}: ${JSON.stringify(generation[name])}`),
    file,
  };
}

/** Nothing, an empty list, or a value that means as much. */
function isOff(value: unknown, off: readonly unknown[]): boolean {
  if (value === null || value === undefined) return true;
  return off.includes(value) || (Array.isArray(value) && value.length === 0);
}

/** Reads settings of one file; null is as good as absent, as in transformers. */
class SettingsReader {
  readonly #file: string;
  readonly #json: Json;

  constructor(file: string, json: Json) {
    this.#file = file;
    this.#json = json;
  }

  /** A number or a list of ids; null when there is none. */
  ids(name: string): number[] | null {
    const value = this.#json[name];
    if (value === undefined || value === null) return null;
    const ids: unknown[] = Array.isArray(value) ? value : [value];
    if (ids.every(isId)) return ids;
    throw this.#wrong(name, 'an id or a list of ids');
  }

  sequences(name: string): number[][] {
    const value = this.#json[name] ?? [];
    const areIds = (ids: unknown) => Array.isArray(ids) && ids.length > 0 && ids.every(isId);
    if (Array.isArray(value) && value.every(areIds)) return value;
    throw this.#wrong(name, 'a list of lists of ids');
  }

  number(name: string, otherwise: number, range: Range): number {
    const value = this.#json[name] ?? otherwise;
    if (typeof value === 'number' && isWithin(value, range)) return value;
    throw this.#wrong(name, spelled(range));
  }

  flag(name: string): boolean {
    const value = this.#json[name] ?? false;
    if (typeof value === 'boolean') return value;
    throw this.#wrong(name, 'true or false');
  }

  count(name: string, otherwise: number): number {
    const value = this.#json[name] ?? otherwise;
    if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
    throw this.#wrong(name, 'a whole number from 0 on');
  }

  texts(name: string): string[] {
    const value = this.#json[name] ?? [];
    const texts: unknown[] = Array.isArray(value) ? value : [value];
    const isText = (text: unknown): text is string => typeof text === 'string' && text !== '';
    if (texts.every(isText)) return texts;
    throw this.#wrong(name, 'a text or a list of texts');
  }

  #wrong(name: string, wanted: string): TokenizerError {
    const value = JSON.stringify(this.#json[name]);
    return new TokenizerError(this.#file, `${name} is ${value}, not ${wanted}; fetch it again`);
  }
}

function isId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31;
}
