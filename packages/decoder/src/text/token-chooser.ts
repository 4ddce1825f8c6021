import type { Random } from '@namm/core';
import { DecoderInputError } from '../errors.js';
import type { GenerationSettings } from './generation-settings.js';
import { indexOfLargest } from './index-of-largest.js';

/** The folder's rules, with the requested sampling. */
export type ChoiceRules = Omit<GenerationSettings, 'stop' | 'unsupported' | 'file'>;

/**
 * Chooses one token after another from the logits of a model, by the rules of transformers and in their
 * order: repetition, forbidden sequences, length, suppressed tokens; then temperature, top-k, top-p, min-p.
 */
export class TokenChooser {
  readonly #rules: ChoiceRules;
  readonly #random: Random;
  readonly #limit: number;
  readonly #ids: number[];
  readonly #promptLength: number;
  readonly #seen: number;

  /**
   * @param random source of randomness, used if the temperature is above 0
   * @param prompt ids before the answer, which count for repetitions
   * @param limit most tokens of the answer
   * @param seen tokens of the sequence before the prompt
   */
  constructor(
    rules: ChoiceRules,
    random: Random,
    prompt: readonly number[],
    limit: number,
    seen = 0,
  ) {
    this.#rules = rules;
    this.#random = random;
    this.#limit = limit;
    this.#ids = [...prompt];
    this.#promptLength = prompt.length;
    this.#seen = seen;
  }

  /** @param logits `[vocabulary]`; modified in place */
  choose(logits: Float32Array): number {
    this.#applyRules(logits);
    const { temperature } = this.#rules.sampling;
    const id = temperature > 0 ? this.#draw(logits) : indexOfLargest(logits);
    this.#ids.push(id);
    return id;
  }

  #applyRules(logits: Float32Array): void {
    const rules = this.#rules;
    const written = this.#ids.length - this.#promptLength;
    this.#penaliseRepetition(logits);
    this.#penalisePresence(logits);
    for (const [id, bias] of rules.logitBias) if (id < logits.length) logits[id]! += bias;
    for (const id of this.#repeating()) logits[id] = -Infinity;
    for (const sequence of rules.forbiddenSequences) {
      if (this.#endsWith(sequence.slice(0, -1))) logits[sequence.at(-1)!] = -Infinity;
    }
    const length = this.#seen + this.#ids.length;
    if (written < rules.minNewTokens || length < rules.minTokens) close(logits, rules.endIds);
    const forcesFirst = rules.forcedFirstId !== null && length - written === 1;
    if (forcesFirst && written === 0) leaveOpen(logits, [rules.forcedFirstId!]);
    if (rules.forcedLastIds.length > 0 && written === this.#limit - 1) {
      leaveOpen(logits, rules.forcedLastIds);
    }
    close(logits, rules.suppressedIds);
    // An answer begins behind the token that is forced.
    if (written === (forcesFirst ? 1 : 0)) close(logits, rules.suppressedFirstIds);
    if (logits.every((logit) => logit === -Infinity)) {
      throw new DecoderInputError(
        `The generation settings leave none of the ${logits.length} tokens open: see suppress_tokens, bad_words_ids and the forced tokens.`,
      );
    }
  }

  #penaliseRepetition(logits: Float32Array): void {
    const { repetitionPenalty } = this.#rules.sampling;
    if (repetitionPenalty === 1) return;
    for (const id of new Set(this.#ids)) {
      const logit = logits[id]!;
      logits[id] = logit < 0 ? logit * repetitionPenalty : logit / repetitionPenalty;
    }
  }

  #penalisePresence(logits: Float32Array): void {
    const { presencePenalty, frequencyPenalty } = this.#rules.sampling;
    if (presencePenalty === 0 && frequencyPenalty === 0) return;
    for (const id of this.#ids.slice(this.#promptLength)) logits[id]! -= frequencyPenalty;
    for (const id of new Set(this.#ids.slice(this.#promptLength))) logits[id]! -= presencePenalty;
  }

  /** Ids that would make a sequence come a second time. */
  #repeating(): number[] {
    const size = this.#rules.sampling.noRepeatNgramSize;
    if (size === 0 || this.#ids.length < size) return [];
    const beginning = size === 1 ? [] : this.#ids.slice(1 - size);
    const found: number[] = [];
    for (let start = 0; start + size <= this.#ids.length; start++) {
      if (beginning.every((id, i) => this.#ids[start + i] === id)) {
        found.push(this.#ids[start + size - 1]!);
      }
    }
    return found;
  }

  #endsWith(sequence: readonly number[]): boolean {
    const offset = this.#ids.length - sequence.length;
    return offset >= 0 && sequence.every((id, i) => this.#ids[offset + i] === id);
  }

  #draw(logits: Float32Array): number {
    const { temperature, topK, topP, minP } = this.#rules.sampling;
    const ids = likeliest(logits, topK);
    const top = logits[ids[0]!]!;
    const weights = ids.map((id) => Math.exp((logits[id]! - top) / temperature));
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    let count = 0;
    let sum = 0;
    // In falling order: top-p takes tokens until their share is reached, min-p until they are too unlikely.
    while (count < ids.length && (count === 0 || (sum < topP * all && weights[count]! >= minP))) {
      sum += weights[count++]!;
    }
    let rest = this.#random.uniform() * sum;
    for (let i = 0; i < count; i++) {
      rest -= weights[i]!;
      if (rest < 0) return ids[i]!;
    }
    return ids[count - 1]!;
  }
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** A whole number below 2 ** 32 that is in the order of float32 numbers. */
function ascending(value: number): number {
  float[0] = value === 0 ? 0 : value; // -0 is 0
  const own = bits[0]!;
  return own >= 2 ** 31 ? 2 ** 32 - 1 - own : own + 2 ** 31;
}

/** Closes all others. Ids that the model has no logit for cannot be written. */
function leaveOpen(logits: Float32Array, ids: readonly number[]): void {
  logits.fill(-Infinity);
  for (const id of ids) if (id < logits.length) logits[id] = 0;
}

function close(logits: Float32Array, ids: readonly number[]): void {
  for (const id of ids) if (id < logits.length) logits[id] = -Infinity;
}

/** Ids by falling logits; equal ones by id. As many as wanted, and those equal to the last. */
function likeliest(logits: Float32Array, count: number): number[] {
  let least = -Infinity;
  if (count > 0 && count < logits.length) least = Float32Array.from(logits).sort().at(-count)!;
  const ids: number[] = [];
  for (let id = 0; id < logits.length; id++) {
    if (logits[id]! >= least && logits[id]! > -Infinity) ids.push(id);
  }
  if (ids.length === 0) return [indexOfLargest(logits)];
  if (ids.length < 1000 || logits.length > 2 ** 20)
    return ids.sort((a, b) => logits[b]! - logits[a]! || a - b);
  // A large vocabulary: numbers sort many times faster than by a comparison. Logit and id make one number.
  const keys = Float64Array.from(
    ids,
    (id) => ascending(logits[id]!) * 2 ** 20 + (2 ** 20 - 1 - id),
  );
  return Array.from(keys.sort().reverse(), (key) => 2 ** 20 - 1 - (key % 2 ** 20));
}
