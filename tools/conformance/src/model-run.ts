import type { FloatArray } from '@namm/core';
import type { Decoder } from '@namm/decoder';
import type { KVCache, SequenceInput } from '@namm/kv-cache';
import { denseAttention, keepPositions, layerRows } from './cache-contents.js';
import { recordingPolicy } from './recording-policy.js';

/** A sequence through a decoder, with everything a fixture speaks of within reach. */
export class ModelRun {
  readonly decoder: Decoder;
  readonly cache: KVCache;
  /** Attention of the last pass per layer and KV head, `[group, new, slots]`. */
  readonly attention: (readonly FloatArray[])[] = [];

  constructor(decoder: Decoder, keepOutsideWindow: boolean) {
    this.decoder = decoder;
    const policy = recordingPolicy((layer, observation) => {
      this.attention[layer] = observation.heads;
    });
    this.cache = decoder.createCache({ policy, keepOutsideWindow });
  }

  /** Feeds ids in one call and returns all their logits and hidden states. */
  async feed(ids: readonly number[]) {
    return this.#step({ ids });
  }

  /** Feeds rows in place of ids, in the same way. */
  async feedRows(embeddings: Float32Array) {
    return this.#step({ embeddings });
  }

  /** Feeds ids one by one and returns all their logits. */
  async feedSingly(ids: readonly number[]): Promise<Float32Array> {
    const vocabularySize = this.decoder.spec.vocabularySize!;
    const logits = new Float32Array(ids.length * vocabularySize);
    for (const [i, id] of ids.entries()) {
      logits.set((await this.feed([id])).logits, i * vocabularySize);
    }
    return logits;
  }

  /** Keeps the given positions per layer and head, as far as the cache still holds them. */
  keepPositions(keep: readonly (readonly (readonly number[])[])[]): void {
    keepPositions(this.cache, keep);
  }

  /** Attention of the last pass of one layer as `[queryHeads, new, seen]`: 0 where nothing is cached. */
  denseAttention(layer: number, count: number): Float32Array {
    return denseAttention(this.cache, this.attention[layer]!, layer, count);
  }

  async #step(input: SequenceInput) {
    const [result] = await this.decoder.step([{ cache: this.cache, input, outputs: 'all' }]);
    return result!;
  }

  /** Keys or values of one layer, `[keyValueHeads, length, headSize]`; heads of equal lengths. */
  rows(layer: number, part: 'keys' | 'values'): Float32Array {
    return layerRows(this.cache, layer, part);
  }
}
