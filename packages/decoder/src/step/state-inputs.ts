import { names } from '../graph/names.js';
import type { Feed } from '../runtime/runtime.js';
import type { DecoderSpec } from '../spec/decoder-spec.js';
import { convolutionsOf } from '../spec/layers-of.js';
import type { Part } from './forward-pass.js';
import { joinNumbers } from './join-numbers.js';

/** Puts together what convolutions are fed, for sequences whose rows stand side by side, and takes apart what they keep. */
export class StateInputs {
  /** Tokens that each convolution of the model reads at once. */
  readonly #taps: readonly number[];
  readonly #hiddenSize: number;

  /** @param spec the model */
  constructor(spec: DecoderSpec) {
    this.#taps = convolutionsOf(spec).map(({ taps }) => taps);
    this.#hiddenSize = spec.hiddenSize;
  }

  /**
   * @param feeds gets them
   * @param parts of the pass
   * @param wanted the convolutions in the graph; all when absent
   */
  add(
    feeds: Map<string, Feed>,
    parts: readonly Part[],
    wanted: readonly number[] = [...this.#taps.keys()],
  ): void {
    for (const index of wanted) {
      const taps = this.#taps[index]!;
      const data = joinNumbers(parts.map(({ cache }) => cache.states[index]!));
      feeds.set(names.state(index), { data, shape: [parts.length * (taps - 1), this.#hiddenSize] });
      if (feeds.has(names.tapRows(taps))) continue;
      const counts = parts.map(({ chunk }) => chunk.count);
      const { read, kept } = rowsOfTaps(counts, taps);
      feeds.set(names.tapRows(taps), { data: read, shape: [taps, read.length / taps] });
      feeds.set(names.keptRows(taps), { data: kept, shape: [kept.length] });
    }
  }

  /**
   * What convolutions keep of one part.
   *
   * @param outputs of the pass
   * @param part its number
   * @param wanted the convolutions in the graph; all when absent
   */
  read(
    outputs: ReadonlyMap<string, Float32Array>,
    part: number,
    wanted: readonly number[] = [...this.#taps.keys()],
  ): Float32Array[] {
    return wanted.map((index) => {
      const size = (this.#taps[index]! - 1) * this.#hiddenSize;
      return outputs.get(names.stateAfter(index))!.subarray(part * size, (part + 1) * size);
    });
  }
}

/**
 * Which rows a convolution reads, where what it keeps of each sequence comes first, oldest row first, and then the new
 * tokens of each.
 *
 * @param counts new tokens of each sequence
 * @param taps tokens that are read at once
 * @returns per tap and new token a row, and those to be kept
 */
export function rowsOfTaps(
  counts: readonly number[],
  taps: number,
): { readonly read: Int32Array; readonly kept: Int32Array } {
  const before = taps - 1;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const read = new Int32Array(taps * total);
  const kept = new Int32Array(before * counts.length);
  let first = 0;
  for (const [part, count] of counts.entries()) {
    /** Of the token of that number in its part; those before the first were kept. */
    const rowOf = (token: number) =>
      token >= 0 ? before * counts.length + first + token : before * (part + 1) + token;
    for (let tap = 0; tap < taps; tap++) {
      for (let token = 0; token < count; token++) {
        read[tap * total + first + token] = rowOf(token + tap - before);
      }
    }
    for (let i = 0; i < before; i++) kept[part * before + i] = rowOf(count - before + i);
    first += count;
  }
  return { read, kept };
}
