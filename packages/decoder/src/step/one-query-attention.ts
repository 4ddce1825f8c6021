import { WasmInstance } from '@namm/core';
import type { KVCache, Observation } from '@namm/kv-cache';
import { type Functions, module, relaxedModule } from '../generated/one-query.js';
import { probeKind } from '../probes/probe-kinds.js';
import type { AttentionSpec } from '../spec/decoder-spec.js';

/** Threads from which on those of a graph are as fast. */
const mostThreads = 2;
/** Numbers of a block of rows: a quarter of the second cache of common processors. */
const blockNumbers = 32_768;
/** Bytes of a number. */
const bytes = 4;

/** What a layer gave for one token. */
export interface OneQueryResult {
  /** `[queryHeads · headSize]` */
  readonly attended: Float32Array;
  readonly observations: readonly Observation[];
}

/**
 * The attention of one new token over what a cache holds, as a WebAssembly kernel. ONNX Runtime packs all keys and values
 * anew for a product with so few queries; here a block of them is copied to where the kernel reads it, which takes no longer
 * than to read it once.
 */
export class OneQueryAttention {
  readonly #kernel = new WasmInstance<Functions>(module, relaxedModule);
  /** In bytes. */
  readonly #queries: number;
  readonly #out: number;
  readonly #block: number;
  readonly #scores: number;
  /** All memory. */
  #numbers: Float32Array = new Float32Array(0);

  private constructor({ queryHeads, headSize }: AttentionSpec) {
    this.#queries = this.#kernel.allocate(bytes * queryHeads * headSize);
    this.#out = this.#kernel.allocate(bytes * queryHeads * headSize);
    this.#block = this.#kernel.allocate(bytes * Math.max(blockNumbers, headSize));
    this.#scores = this.#kernel.allocate(0);
  }

  /** Makes one for layers whose attention is alike; null where the kernel is not for them, or threads make up for it. */
  static for(spec: AttentionSpec, threads: number): OneQueryAttention | null {
    const { softCap, window, headSize, sinks } = spec;
    const isUsual = softCap === null && window === null && sinks === undefined;
    const isPlain = isUsual && headSize % 8 === 0;
    return isPlain && threads <= mostThreads ? new OneQueryAttention(spec) : null;
  }

  /**
   * @param cache of the sequence, which is unchanged
   * @param layer of the model
   * @param spec of the layer
   * @param projected queries, keys and values of the token, side by side
   * @returns null where only the graph can tell what is asked for: keys in few bits, a probe that needs more than attention
   */
  run(
    cache: KVCache,
    layer: number,
    { queryHeads, keyValueHeads, headSize, scale }: AttentionSpec,
    projected: Float32Array,
  ): OneQueryResult | null {
    const wanted = cache.policy.probe;
    const { observe } = probeKind(wanted);
    const group = queryHeads / keyValueHeads;
    if (!observe?.takes(cache, 1, group)) return null;
    const { functions } = this.#kernel;
    const width = queryHeads * headSize;
    const attention: Float32Array[] = [];
    this.#makeRoom(0);
    this.#numbers.set(projected.subarray(0, width), this.#queries / bytes);
    this.#numbers.fill(0, this.#out / bytes, this.#out / bytes + width);
    for (let head = 0; head < keyValueHeads; head++) {
      const { shared, own } = cache.segments(layer, head);
      const keys: Float32Array[] = [];
      const values: Float32Array[] = [];
      for (const piece of [shared, own]) {
        if (!(piece.keys.numbers instanceof Float32Array)) return null;
        keys.push(piece.keys.numbers);
        values.push(piece.values.numbers as Float32Array);
      }
      const from = width + head * headSize;
      keys.push(projected.subarray(from, from + headSize));
      const other = from + keyValueHeads * headSize;
      values.push(projected.subarray(other, other + headSize));
      const slots = keys.reduce((sum, { length }) => sum + length, 0) / headSize;
      const down = bytes * 4 * Math.ceil(slots / 4);
      this.#makeRoom(group * down);
      const place = bytes * head * group * headSize;
      this.#inBlocks(keys, headSize, (first, rows) =>
        functions.score(
          ...([this.#queries + place, group, this.#block, rows, headSize, scale] as const),
          ...([this.#scores + bytes * first, down] as const),
        ),
      );
      functions.softmax(this.#scores, group, slots, down);
      this.#inBlocks(values, headSize, (first, rows) =>
        functions.mix(
          ...([this.#scores + bytes * first, down, group] as const),
          ...([this.#block, rows, headSize, this.#out + place] as const),
        ),
      );
      if (wanted.kind !== 'none') attention.push(this.#probabilities(group, slots, down));
    }
    const start = this.#out / bytes;
    const observation = observe.read(attention, { cache, count: 1, layer, group }, wanted);
    return {
      attended: this.#numbers.slice(start, start + width),
      observations: observation ? [observation] : [],
    };
  }

  /** Brings rows to the kernel, some at a time. */
  #inBlocks(
    pieces: readonly Float32Array[],
    headSize: number,
    use: (first: number, rows: number) => void,
  ): void {
    const step = Math.max(1, Math.floor(blockNumbers / headSize)) * headSize;
    let first = 0;
    for (const piece of pieces) {
      for (let from = 0; from < piece.length; from += step) {
        const block = piece.subarray(from, from + step);
        this.#numbers.set(block, this.#block / bytes);
        use(first, block.length / headSize);
        first += block.length / headSize;
      }
    }
  }

  /** `[group, slots]` */
  #probabilities(group: number, slots: number, down: number): Float32Array {
    const rows = new Float32Array(group * slots);
    for (let query = 0; query < group; query++) {
      const from = (this.#scores + query * down) / bytes;
      rows.set(this.#numbers.subarray(from, from + slots), query * slots);
    }
    return rows;
  }

  /** Room for scores. */
  #makeRoom(scores: number): void {
    if (this.#numbers.length * bytes >= this.#scores + scores && this.#numbers.length > 0) return;
    this.#kernel.release(this.#scores);
    this.#kernel.allocate(Math.ceil(1.5 * scores));
    this.#numbers = this.#kernel.float32(0, Math.floor(this.#kernel.byteLength / bytes));
  }
}
