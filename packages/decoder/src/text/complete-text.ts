import { checkNames, InvalidArgumentError, Random } from '@namm/core';
import {
  hasCompactPositions,
  type SequenceCache,
  type SequenceModel,
  type StepOptions,
} from '@namm/kv-cache';
import { checkSampling, type SamplingSettings } from './generation-settings.js';
import { StopSearch } from './stop-search.js';
import { TokenChooser } from './token-chooser.js';
import type { Tokenizer } from './tokenizer.js';
import { TokenizerError } from './tokenizer-error.js';
import { writeTokens } from './write-tokens.js';

export interface CompletionOptions extends StepOptions {
  /** Most tokens to write, at least 1; the answer may end earlier if the model runs out of positions. */
  readonly maxNewTokens: number;
  /**
   * Texts that end the answer and are not part of it. They may be or contain special tokens. The end tokens and stop
   * texts of the model folder always end it.
   */
  readonly stop?: readonly string[];
  /**
   * Whether the tokenizer puts its special tokens (such as BOS) around the prompt: true for the first
   * text of a sequence, false for what continues one and for chat templates, which write their own.
   * @defaultValue true
   */
  readonly addSpecialTokens?: boolean;
  /**
   * Sampling settings that override the model folder's: `{ temperature: 0 }` always takes the most likely token.
   * @defaultValue `tokenizer.generation.sampling`
   */
  readonly sampling?: Partial<SamplingSettings>;
  /** Seed for sampling. @defaultValue 0 */
  readonly seed?: number;
  /** Called with every token of the prompt and then every token written, in order. */
  readonly onToken?: (id: number) => void;
}

const optionNames = [
  'maxNewTokens',
  'stop',
  'addSpecialTokens',
  'sampling',
  'seed',
  'onToken',
  'onProgress',
  'signal',
] as const satisfies readonly (keyof CompletionOptions)[];

/**
 * Reads a prompt and yields the model's answer, piece by piece, as text. It follows the model folder's settings: end
 * tokens, sampling and forbidden tokens. Afterwards the prompt and the answer are in the cache, except for the answer's
 * last token.
 *
 * @param decoder the model, here or in a worker
 * @param tokenizer its tokenizer
 * @param cache the sequence so far, to which the prompt is appended
 * @param prompt text to read, or its ids, at least one
 * @param options the limit, and settings that override the folder's
 * @throws {InvalidArgumentError} for an invalid option, naming it
 * @throws {TokenizerError} when the folder requires a generation setting that is not supported
 * @throws whatever {@link Decoder.step} throws
 *
 * @example
 * ```ts
 * for await (const piece of completeText(decoder, tokenizer, cache, 'Once upon', { maxNewTokens: 50 })) {
 *   process.stdout.write(piece);
 * }
 * ```
 */
export async function* completeText<Cache extends SequenceCache<Cache>>(
  decoder: SequenceModel<Cache>,
  tokenizer: Tokenizer,
  cache: Cache,
  prompt: string | readonly number[],
  options: CompletionOptions,
): AsyncGenerator<string, void> {
  checkOptions(options);
  const { generation } = tokenizer;
  if (generation.unsupported.length > 0) {
    const problem = `asks for ${generation.unsupported.join(', ')}, which completeText cannot do`;
    throw new TokenizerError(generation.file, problem);
  }
  const { maxNewTokens, addSpecialTokens = true, seed = 0, onToken, signal, onProgress } = options;
  const ids =
    typeof prompt === 'string' ? tokenizer.encode(prompt, { addSpecialTokens }) : [...prompt];
  for (const id of ids) onToken?.(id);
  // The last token written is not read again, so it needs no position. Compact ones do not run out.
  const isCompact = hasCompactPositions(cache.shape);
  const room = isCompact ? Infinity : decoder.spec.maximumPositions - cache.seen - ids.length + 1;
  const limit = Math.min(maxNewTokens, room);
  const rules = { ...generation, sampling: { ...generation.sampling, ...options.sampling } };
  const chooser = new TokenChooser(rules, new Random(seed), ids, limit, cache.seen);
  const choose = (logits: Float32Array) => chooser.choose(logits);
  const step = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
  const search = new StopSearch([...generation.stop, ...(options.stop ?? [])]);
  const stream = tokenizer.stream();
  let count = 0;
  for await (const id of writeTokens(decoder, cache, ids, choose, step)) {
    onToken?.(id);
    if (generation.endIds.includes(id)) break;
    const special = tokenizer.isSpecial(id) ? tokenizer.tokenOf(id) : null;
    const ready =
      special === null
        ? search.push(stream.push(id))
        : search.push(stream.settle()) + search.push(special, false);
    if (ready) yield ready;
    if (search.isFound) return;
    if (++count >= limit) break;
  }
  const rest = search.push(stream.end()) + search.end();
  if (rest) yield rest;
}

function checkOptions(options: CompletionOptions): void {
  checkNames('completeText', options, optionNames);
  const { maxNewTokens, stop = [], sampling = {} } = options;
  if (!Number.isSafeInteger(maxNewTokens) || maxNewTokens < 1) {
    throw new InvalidArgumentError(
      'maxNewTokens',
      `${maxNewTokens} is not a whole number from 1 on`,
    );
  }
  const isText = (ending: unknown) => typeof ending === 'string' && ending !== '';
  if (!Array.isArray(stop) || !stop.every(isText)) {
    throw new InvalidArgumentError('stop', 'is not a list of texts, none empty');
  }
  checkSampling(sampling);
}
