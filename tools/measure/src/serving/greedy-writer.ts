import type { Writer } from '@namm/serve';

/** Always takes the likeliest token, and notes by how little it led. */
export class GreedyWriter implements Writer {
  readonly ids: number[] = [];
  /** Logit of the likeliest less that of the second, at least. */
  margin = Infinity;
  readonly #count: number;

  /** @param count tokens of the answer */
  constructor(count: number) {
    this.#count = count;
  }

  next(logits: Float32Array): number | null {
    let [first, second] = [0, -1];
    for (let id = 1; id < logits.length; id++) {
      if (logits[id]! > logits[first]!) [first, second] = [id, first];
      else if (second < 0 || logits[id]! > logits[second]!) second = id;
    }
    this.margin = Math.min(this.margin, logits[first]! - logits[second]!);
    this.ids.push(first);
    return this.ids.length < this.#count ? first : null;
  }
}
