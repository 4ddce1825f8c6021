import { Random } from '@namm/core';
import {
  type ChoiceRules,
  StopSearch,
  type TextStream,
  TokenChooser,
  type Tokenizer,
} from '@namm/decoder';
import type { Writer } from '../engine/engine-request.js';
import type { ConstrainedAnswer } from '../grammar/token-constraint.js';

/** How likely a token was, and the likeliest in its place. */
export interface TokenLogprob {
  readonly id: number;
  readonly logprob: number;
  readonly top: readonly { readonly id: number; readonly logprob: number }[];
}

export interface TextWriterOptions {
  readonly tokenizer: Tokenizer;
  readonly rules: ChoiceRules;
  readonly seed: number;
  /** Tokens before the answer. */
  readonly prompt: readonly number[];
  /** Most tokens of the answer. */
  readonly limit: number;
  readonly stop: readonly string[];
  /** What the answer may be written with; null for anything. */
  readonly constraint: ConstrainedAnswer | null;
  /** How many likeliest tokens are told beside each; null when logarithms of probabilities are not wanted. */
  readonly logprobs: number | null;
  /** Special tokens that are part of the answer, such as those around calls of tools. */
  readonly shown: ReadonlySet<string>;
  /** Is told what is settled: text, often none, and the tokens since the last time. */
  readonly onPiece: (text: string, tokens: readonly TokenLogprob[]) => void;
}

/** Writes one answer as text: chooses tokens by the rules, and ends at end tokens, stop texts and the limit. */
export class TextWriter implements Writer {
  readonly #options: TextWriterOptions;
  readonly #chooser: TokenChooser;
  readonly #search: StopSearch;
  readonly #stream: TextStream;
  #tokens: TokenLogprob[] = [];
  /** Tokens written, that which ended the answer included. */
  count = 0;
  /** Why the answer ended; null until it has. */
  finish: 'stop' | 'length' | null = null;

  constructor(options: TextWriterOptions) {
    const { tokenizer, rules, seed, prompt, limit, stop } = options;
    this.#options = options;
    this.#chooser = new TokenChooser(rules, new Random(seed), prompt, limit);
    this.#search = new StopSearch([...tokenizer.generation.stop, ...stop]);
    this.#stream = tokenizer.stream();
  }

  next(logits: Float32Array): number | null {
    const { tokenizer, rules, limit, logprobs, shown, constraint } = this.#options;
    const raw = logprobs === null ? null : logits.slice();
    constraint?.restrict(logits, rules.endIds);
    const id = this.#chooser.choose(logits);
    this.count++;
    if (rules.endIds.includes(id)) return this.#end('stop');
    constraint?.accept(id);
    if (raw !== null) this.#tokens.push(logprobOf(raw, id, logprobs!));
    const special = tokenizer.isSpecial(id) ? tokenizer.tokenOf(id) : null;
    const text =
      special === null
        ? this.#search.push(this.#stream.push(id))
        : this.#search.push(this.#stream.end()) + this.#search.push(special, shown.has(special));
    if (this.#search.isFound) {
      this.finish = 'stop';
      this.#give(text);
      return null;
    }
    if (constraint?.isOver) return this.#end('stop', text);
    if (this.count >= limit) return this.#end('length', text);
    this.#give(text);
    return id;
  }

  #end(finish: 'stop' | 'length', text = ''): null {
    const rest = this.#search.push(this.#stream.end()) + this.#search.end();
    this.finish = this.#search.isFound ? 'stop' : finish; // what was held back may hold a stop text
    this.#give(text + rest);
    return null;
  }

  #give(text: string): void {
    if (text === '' && this.#tokens.length === 0) return;
    this.#options.onPiece(text, this.#tokens);
    this.#tokens = [];
  }
}

/** Logarithms of the model's own probabilities, before any rule of sampling. */
function logprobOf(logits: Float32Array, id: number, count: number): TokenLogprob {
  let largest = -Infinity;
  for (const logit of logits) largest = Math.max(largest, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  const total = largest + Math.log(sum);
  const top: { id: number; logprob: number }[] = [];
  for (let other = 0; count > 0 && other < logits.length; other++) {
    const logprob = logits[other]! - total;
    if (top.length === count && logprob <= top.at(-1)!.logprob) continue;
    const place = top.findIndex((one) => one.logprob < logprob);
    top.splice(place < 0 ? top.length : place, 0, { id: other, logprob });
    if (top.length > count) top.pop();
  }
  return { id, logprob: logits[id]! - total, top };
}
