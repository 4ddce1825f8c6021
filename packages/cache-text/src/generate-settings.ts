import { InvalidArgumentError } from '@namm/core';

/** Settings of one call of `generate`, whatever they came from. */
export type Settings = Readonly<Record<string, unknown>>;

/** Settings that `generate` of transformers.js 4.3 takes and does nothing with, and the values that ask for nothing. */
const withoutEffect: Readonly<Record<string, readonly unknown[]>> = {
  num_beams: [1],
  num_beam_groups: [1],
  early_stopping: [false],
  length_penalty: [1],
  diversity_penalty: [0],
  penalty_alpha: [0],
  typical_p: [1],
  epsilon_cutoff: [0],
  eta_cutoff: [0],
  encoder_repetition_penalty: [1],
  encoder_no_repeat_ngram_size: [0],
  exponential_decay_length_penalty: [],
  renormalize_logits: [false],
  remove_invalid_values: [false],
  force_words_ids: [],
  constraints: [],
  forced_decoder_ids: [],
  guidance_scale: [1],
  max_time: [],
  stop_strings: [],
  sequence_bias: [],
  watermarking_config: [],
  token_healing: [false],
  dola_layers: [],
  top_h: [],
  prompt_lookup_num_tokens: [],
  use_cache: [true],
  output_attentions: [false],
  output_hidden_states: [false],
  output_scores: [false],
  output_logits: [false],
  streamer: [],
};

const advice: Readonly<Record<string, string>> = {
  num_beams: 'answers are written greedily or sampled; leave it out',
  max_time: 'pass a `signal`: AbortSignal.timeout(milliseconds)',
  stop_strings: 'pass a stopping criterion, or write with completeText of @namm/decoder',
  output_scores: 'pass a logits processor, which sees them',
  output_logits: 'pass a logits processor, which sees them',
  use_cache: 'there is always a cache',
  streamer: 'pass it to generate itself',
};

/** Settings that only sampling reads, and what asks for nothing. */
const ofSampling: Readonly<Record<string, readonly unknown[]>> = {
  temperature: [1, 0],
  top_p: [1],
  top_k: [50, 0],
  min_p: [0],
};

/** Numbers: the smallest that means something, whether it may be that itself, the largest, and whether it is whole. */
const ranges: Readonly<Record<string, readonly [number, number, boolean]>> = {
  max_new_tokens: [1, Number.POSITIVE_INFINITY, true],
  max_length: [1, Number.POSITIVE_INFINITY, true],
  min_new_tokens: [0, Number.POSITIVE_INFINITY, true],
  min_length: [0, Number.POSITIVE_INFINITY, true],
  num_return_sequences: [1, 1024, true],
  no_repeat_ngram_size: [0, Number.POSITIVE_INFINITY, true],
  top_k: [0, Number.POSITIVE_INFINITY, true],
  top_p: [0, 1, false],
  min_p: [0, 1, false],
  temperature: [0, Number.POSITIVE_INFINITY, false],
  repetition_penalty: [Number.MIN_VALUE, Number.POSITIVE_INFINITY, false],
};

/**
 * Checks the settings of one call: what would do nothing is refused by name, whether the caller or the model's
 * folder asks for it.
 *
 * @param given by the caller, in this call
 * @param folder those of `generation_config.json`
 * @param promptLength tokens of the longest prompt, with its padding
 * @returns all of them: the folder's, with the caller's over them
 * @throws {InvalidArgumentError} naming the setting and what to do
 */
export function checkSettings(given: Settings, folder: Settings, promptLength: number): Settings {
  const all = { ...folder, ...given };
  const isSet = (name: string) => all[name] !== undefined && all[name] !== null;
  for (const [name, off] of Object.entries(withoutEffect)) {
    if (!isSet(name) || off.includes(all[name])) continue;
    if (Array.isArray(all[name]) && all[name].length === 0) continue;
    refuse(name, `is ${text(all[name])}, which has no effect here`, name in given, advice[name]);
  }
  for (const [name, [least, most, isWhole]] of Object.entries(ranges)) {
    if (!isSet(name)) continue;
    const value = all[name] as number;
    if (value >= least && value <= most && (!isWhole || Number.isInteger(value))) continue;
    const bound =
      most === Number.POSITIVE_INFINITY ? `from ${least} on` : `from ${least} to ${most}`;
    const wanted = `is ${text(value)}, not ${isWhole ? 'a whole number' : 'a number'} ${bound}`;
    refuse(name, wanted, name in given);
  }
  const samples = all.do_sample === true && all.temperature !== 0;
  for (const [name, off] of Object.entries(ofSampling)) {
    if (samples || given[name] === undefined || given[name] === null) continue;
    if (off.includes(given[name])) continue;
    refuse(name, `is ${text(given[name])}, which has no effect without \`do_sample: true\``, true);
  }
  if (isSet('num_return_sequences') && all.num_return_sequences !== 1 && !samples) {
    const problem = `is ${text(all.num_return_sequences)}, but without \`do_sample: true\` all answers would be the same`;
    refuse('num_return_sequences', problem, 'num_return_sequences' in given);
  }
  const { max_length } = given;
  if (typeof max_length === 'number' && !isSet('max_new_tokens') && max_length <= promptLength) {
    const problem = `is ${max_length}, but the prompt has ${promptLength} tokens already; use max_new_tokens`;
    refuse('max_length', problem, true);
  }
  return all;
}

function text(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

function refuse(name: string, problem: string, isGiven: boolean, hint?: string): never {
  const where = isGiven ? '' : ' in generation_config.json; give another value in the call';
  throw new InvalidArgumentError(
    name,
    `${problem}${where}${hint === undefined ? '' : `: ${hint}`}`,
  );
}
