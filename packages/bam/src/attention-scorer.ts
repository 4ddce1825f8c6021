import { WasmInstance } from '@namm/core/portable';
import { foldParameters } from './fold-parameters.js';
import { type Functions, module, relaxedModule } from './generated/attention-scores.js';
import { checkBatch, checkScores, type Scorer } from './scorer.js';
import type { BamSettings } from './scorer-settings.js';

/** Features that the kernel processes at a time; a token's features are padded to a multiple of it. */
const featuresAtATime = 5;
const tokensAtATime = 8;

const roundUp = (value: number, multiple: number) => Math.ceil(value / multiple) * multiple;

/** BAM on the WebAssembly kernel, in single precision. */
export class AttentionScorer implements Scorer {
  readonly settings: BamSettings;
  readonly #kernel = new WasmInstance<Functions>(module, relaxedModule);
  /** Numbers per token in the kernel's memory. */
  readonly #width: number;
  readonly #weights: number;
  readonly #work: number;
  /** Where tokens and scores of one head begin; there is room for so many tokens. */
  #room = { tokens: 0, scores: 0, capacity: 0 };

  constructor(settings: BamSettings, parameters: Float32Array) {
    this.settings = settings;
    this.#width = roundUp(settings.features, featuresAtATime);
    const folded = foldParameters(settings, parameters, this.#width);
    this.#weights = this.#kernel.allocate(folded.byteLength);
    this.#work = this.#kernel.allocate(this.#kernel.functions.workBytes(this.#width));
    this.#kernel.float32(this.#weights, folded.length).set(folded);
    this.#room.tokens = this.#kernel.allocate(0);
  }

  score(features: Float32Array, lengths: readonly number[]): Float32Array {
    const { features: size } = this.settings;
    checkBatch(features, lengths, size);
    this.#reserve(lengths.reduce((longest, length) => Math.max(longest, length), 0));
    const scores = new Float32Array(features.length / size);
    let start = 0;
    for (const length of lengths) {
      const end = start + length;
      this.#scoreHead(features.subarray(start * size, end * size), length);
      scores.set(this.#kernel.float32(this.#room.scores, length), start);
      start = end;
    }
    checkScores(scores, lengths);
    return scores;
  }

  #scoreHead(features: Float32Array, count: number): void {
    const { features: size } = this.settings;
    const { tokens, scores } = this.#room;
    const padded = roundUp(count, tokensAtATime);
    const rows = this.#kernel.float32(tokens, padded * this.#width);
    if (size === this.#width) rows.set(features);
    else {
      for (let token = 0; token < count; token++) {
        const row = features.subarray(token * size, (token + 1) * size);
        rows.set(row, token * this.#width); // what fills it up stays 0
      }
    }
    rows.fill(0, count * this.#width);
    this.#kernel.functions.score(tokens, count, this.#width, this.#weights, this.#work, scores);
  }

  /** Makes room for the tokens of the longest head. */
  #reserve(tokens: number): void {
    if (tokens <= this.#room.capacity) return;
    const capacity = roundUp(tokens, 256);
    const kernel = this.#kernel;
    kernel.release(this.#room.tokens);
    const address = kernel.allocate(4 * capacity * this.#width);
    kernel.float32(address, capacity * this.#width).fill(0);
    this.#room = { tokens: address, scores: kernel.allocate(4 * capacity), capacity };
  }
}
