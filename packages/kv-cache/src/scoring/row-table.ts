import type { CacheShape, LayerShape } from '../cache-shape.js';
import type { KeptSlots } from '../eviction-policy.js';
import { type MakeArray, RowValues } from './row-values.js';

/** {@link RowValues} for every layer and KV head. */
export class RowTable<T extends Float32Array | Float64Array | Uint32Array> {
  readonly #layers: readonly (readonly RowValues<T>[])[];

  private constructor(layers: readonly (readonly RowValues<T>[])[]) {
    this.#layers = layers;
  }

  static create<T extends Float32Array | Float64Array | Uint32Array>(
    shape: CacheShape,
    make: MakeArray<T>,
    width: (layer: LayerShape) => number = () => 1,
  ): RowTable<T> {
    const heads = (layer: LayerShape) =>
      Array.from({ length: layer.keyValueHeads }, () => new RowValues(make, width(layer)));
    return new RowTable(shape.layers.map(heads));
  }

  get bytes(): number {
    let sum = 0;
    for (const heads of this.#layers) for (const values of heads) sum += values.bytes;
    return sum;
  }

  head(layer: number, head: number): RowValues<T> {
    return this.#layers[layer]![head]!;
  }

  compact(kept: readonly (KeptSlots | null)[]): void {
    for (const [layer, heads] of kept.entries()) {
      if (heads === null) continue;
      for (const [head, slots] of heads.entries()) this.head(layer, head).retain(slots);
    }
  }

  /** Forgets all rows. */
  clear(): void {
    for (const heads of this.#layers) for (const values of heads) values.clear();
  }

  fork(): RowTable<T> {
    return new RowTable(this.#layers.map((heads) => heads.map((values) => values.fork())));
  }
}
