import type { FloatArray } from '@namm/core';
import type { Decoder } from '@namm/decoder';
import type { KVCache } from '@namm/kv-cache';
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
    const [result] = await this.decoder.step([
      { cache: this.cache, input: { ids }, outputs: 'all' },
    ]);
    return result!;
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
    this.cache.keep(
      keep.map((heads, layer) =>
        heads.map((positions, head) => {
          const wanted = new Set(positions);
          const slots: number[] = [];
          for (const [slot, position] of this.cache.positions(layer, head).entries()) {
            if (wanted.has(position)) slots.push(slot);
          }
          return Uint32Array.from(slots);
        }),
      ),
    );
  }

  /** Attention of the last pass of one layer as `[queryHeads, new, seen]`: 0 where nothing is cached. */
  denseAttention(layer: number, count: number): Float32Array {
    const { queryHeads, keyValueHeads } = this.decoder.spec.layers[layer]!.attention;
    const group = queryHeads / keyValueHeads;
    const { seen } = this.cache;
    const dense = new Float32Array(queryHeads * count * seen);
    for (let query = 0; query < queryHeads; query++) {
      const head = Math.floor(query / group);
      const positions = this.cache.positions(layer, head);
      const rows = this.attention[layer]![head]!;
      for (let row = 0; row < count; row++) {
        const from = ((query % group) * count + row) * positions.length;
        const to = (query * count + row) * seen;
        for (const [slot, position] of positions.entries()) {
          dense[to + position] = rows[from + slot]!;
        }
      }
    }
    return dense;
  }

  /** Keys or values of one layer, `[keyValueHeads, length, headSize]`; heads of equal lengths. */
  rows(layer: number, part: 'keys' | 'values'): Float32Array {
    const { keyValueHeads } = this.decoder.spec.layers[layer]!.attention;
    const heads = Array.from({ length: keyValueHeads }, (_, head) => this.cache[part](layer, head));
    const size = heads[0]!.length;
    const all = new Float32Array(size * keyValueHeads);
    for (const [head, rows] of heads.entries()) all.set(rows, head * size);
    return all;
  }
}
