import type { CacheShape, LayerShape } from '../contracts/cache-shape.js';
import type { KeptSlots } from '../contracts/eviction-policy.js';
import { badState } from '../saved-state.js';
import { type MakeArray, RowValues } from './row-values.js';

/** {@link RowValues} for every layer and KV head. */
export class RowTable<T extends Float32Array | Float64Array | Uint32Array> {
  readonly #make: MakeArray<T>;
  readonly #layers: readonly (readonly RowValues<T>[])[];

  private constructor(make: MakeArray<T>, layers: readonly (readonly RowValues<T>[])[]) {
    this.#make = make;
    this.#layers = layers;
  }

  static create<T extends Float32Array | Float64Array | Uint32Array>(
    shape: CacheShape,
    make: MakeArray<T>,
    width: (layer: LayerShape) => number = () => 1,
  ): RowTable<T> {
    const heads = (layer: LayerShape) =>
      Array.from({ length: layer.keyValueHeads }, () => new RowValues(make, width(layer)));
    return new RowTable(make, shape.layers.map(heads));
  }

  get bytes(): number {
    let sum = 0;
    for (const heads of this.#layers) for (const values of heads) sum += values.bytes;
    return sum;
  }

  head(layer: number, head: number): RowValues<T> {
    return this.#layers[layer]![head]!;
  }

  retain(kept: readonly (KeptSlots | null)[]): void {
    for (const [layer, heads] of kept.entries()) {
      if (heads === null) continue;
      for (const [head, slots] of heads.entries()) this.head(layer, head).retain(slots);
    }
  }

  /** Forgets all rows. */
  clear(): void {
    for (const heads of this.#layers) for (const values of heads) values.clear();
  }

  /** Rows per head, and the numbers of all rows. */
  save(): [Uint32Array, T] {
    const heads = this.#layers.flat();
    const numbers = this.#make(heads.reduce((sum, { rows }) => sum + rows.length, 0));
    let end = 0;
    for (const { rows } of heads) {
      numbers.set(rows, end);
      end += rows.length;
    }
    return [Uint32Array.from(heads, ({ length }) => length), numbers];
  }

  /**
   * The table that {@link save} wrote.
   *
   * @throws {FileFormatError} when it was of another shape
   */
  static restore<T extends Float32Array | Float64Array | Uint32Array>(
    shape: CacheShape,
    make: MakeArray<T>,
    [lengths, numbers]: readonly [Uint32Array, T],
    width: (layer: LayerShape) => number = () => 1,
  ): RowTable<T> {
    const table = RowTable.create(shape, make, width);
    const heads = table.#layers.flat();
    const sizes = heads.map((head, i) => (lengths[i] ?? 0) * head.width);
    const size = sizes.reduce((sum, next) => sum + next, 0);
    if (lengths.length !== heads.length || size !== numbers.length) {
      const found = `${numbers.length} numbers of ${lengths.length} heads`;
      throw badState(`holds ${found} instead of ${size} of ${heads.length}`);
    }
    let end = 0;
    for (const [i, head] of heads.entries()) {
      head.extend(lengths[i]!);
      head.rows.set(numbers.subarray(end, end + sizes[i]!));
      end += sizes[i]!;
    }
    return table;
  }

  fork(): RowTable<T> {
    const layers = this.#layers.map((heads) => heads.map((values) => values.fork()));
    return new RowTable(this.#make, layers);
  }
}
