import type { FloatArray } from '@namm/core';
import type { CacheShape, LayerShape } from '../contracts/cache-shape.js';
import type { Observation } from '../contracts/probe.js';
import type { SavedState, StateTensor } from '../contracts/saved-state.js';
import type { SavedStateReader } from '../saved-state-reader.js';

/** What is summed over queries. */
export interface QuerySumsOptions {
  /** Numbers summed per query head. */
  readonly width: (layer: LayerShape) => number;
  /** Adds one query, `queries[at … at + headSize − 1]`, to the sums of its head. */
  readonly add: (sums: Float64Array, queries: FloatArray, at: number, layer: LayerShape) => void;
  /** First queries of the sequence that do not count. */
  readonly skip: number;
}

/** Sums over all queries of a sequence so far, per query head, in float64. */
export class QuerySums {
  readonly #shape: CacheShape;
  readonly #options: QuerySumsOptions;
  /** `[query heads, width]` per layer. */
  readonly #sums: readonly Float64Array[];
  /** Queries seen, per layer. */
  readonly #seen: Float64Array;

  private constructor(
    shape: CacheShape,
    options: QuerySumsOptions,
    sums: readonly Float64Array[],
    seen: Float64Array,
  ) {
    this.#shape = shape;
    this.#options = options;
    this.#sums = sums;
    this.#seen = seen;
  }

  static start(shape: CacheShape, options: QuerySumsOptions): QuerySums {
    const sums = shape.layers.map(
      (layer) => new Float64Array(layer.queryHeads * options.width(layer)),
    );
    return new QuerySums(shape, options, sums, new Float64Array(sums.length));
  }

  static restore(
    shape: CacheShape,
    options: QuerySumsOptions,
    reader: SavedStateReader,
  ): QuerySums {
    const sums = shape.layers.map((layer, index) =>
      reader.take(nameOf(index), Float64Array, [layer.queryHeads, options.width(layer)]),
    );
    const seen = reader.take('queries', Float64Array, [sums.length]);
    return new QuerySums(shape, options, sums, seen);
  }

  /** Bytes of the sums of a shape. */
  static bytes({ layers }: CacheShape, { width }: QuerySumsOptions): number {
    const numbers = layers.reduce((sum, layer) => sum + layer.queryHeads * width(layer) + 1, 0);
    return numbers * Float64Array.BYTES_PER_ELEMENT;
  }

  get bytes(): number {
    return QuerySums.bytes(this.#shape, this.#options);
  }

  observe(layer: number, observation: Observation): void {
    if (observation.kind !== 'queries') return; // the cache has checked that it is
    const shape = this.#shape.layers[layer]!;
    const { add, skip } = this.#options;
    const { queries: count } = observation;
    const first = Math.min(count, Math.max(0, skip - this.#seen[layer]!));
    const group = shape.queryHeads / shape.keyValueHeads;
    for (const [head, queries] of observation.heads.entries()) {
      for (let member = 0; member < group; member++) {
        const sums = this.of(layer, head * group + member);
        for (let i = first; i < count; i++) {
          add(sums, queries, (member * count + i) * shape.headSize, shape);
        }
      }
    }
    this.#seen[layer]! += count;
  }

  /** Queries of a layer that were summed. */
  count(layer: number): number {
    return Math.max(0, this.#seen[layer]! - this.#options.skip);
  }

  /** The sums of one query head. */
  of(layer: number, queryHead: number): Float64Array {
    const width = this.#options.width(this.#shape.layers[layer]!);
    return this.#sums[layer]!.subarray(queryHead * width, (queryHead + 1) * width);
  }

  fork(): QuerySums {
    const sums = this.#sums.map((own) => own.slice());
    return new QuerySums(this.#shape, this.#options, sums, this.#seen.slice());
  }

  save(): SavedState {
    return new Map<string, StateTensor>([
      ...this.#sums.map((data, index) => {
        const { queryHeads } = this.#shape.layers[index]!;
        return [nameOf(index), { shape: [queryHeads, data.length / queryHeads], data }] as const;
      }),
      ['queries', { shape: [this.#seen.length], data: this.#seen.slice() }] as const,
    ]);
  }
}

const nameOf = (layer: number) => `layers.${layer}.queries`;
