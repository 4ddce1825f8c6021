import type { CacheShape, LayerShape } from '../contracts/cache-shape.js';
import type { KeptSlots } from '../contracts/eviction-policy.js';
import type { StateTensor } from '../contracts/saved-state.js';
import type { SavedStateReader } from '../saved-state-reader.js';
import { type RowArray, type RowArrayType, RowValues } from './row-values.js';

/** {@link RowValues} for every layer and KV head. */
export class RowTable<T extends RowArray> {
  readonly #type: RowArrayType<T>;
  readonly #layers: readonly (readonly RowValues<T>[])[];

  private constructor(type: RowArrayType<T>, layers: readonly (readonly RowValues<T>[])[]) {
    this.#type = type;
    this.#layers = layers;
  }

  /** @param width numbers per row of a layer */
  static create<T extends RowArray>(
    shape: CacheShape,
    type: RowArrayType<T>,
    width: (layer: LayerShape) => number = () => 1,
  ): RowTable<T> {
    const heads = (layer: LayerShape) =>
      Array.from({ length: layer.keyValueHeads }, () => new RowValues(type, width(layer)));
    return new RowTable(type, shape.layers.map(heads));
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

  /** A tensor `[rows, width]` per head. */
  save(name: string): [string, StateTensor][] {
    return this.#layers.flatMap((heads, layer) =>
      heads.map(({ rows, length, width }, head): [string, StateTensor] => [
        tensorName(layer, head, name),
        { shape: [length, width], data: rows.slice() },
      ]),
    );
  }

  /**
   * The table that {@link save} wrote.
   *
   * @throws {FileFormatError} when it was of another shape
   */
  static restore<T extends RowArray>(
    shape: CacheShape,
    type: RowArrayType<T>,
    reader: SavedStateReader,
    name: string,
    width: (layer: LayerShape) => number = () => 1,
  ): RowTable<T> {
    const table = RowTable.create(shape, type, width);
    for (const [layer, heads] of table.#layers.entries()) {
      for (const [head, values] of heads.entries()) {
        const numbers = reader.take(tensorName(layer, head, name), type, [null, values.width]);
        values.extend(numbers.length / values.width);
        values.rows.set(numbers);
      }
    }
    return table;
  }

  fork(): RowTable<T> {
    const layers = this.#layers.map((heads) => heads.map((values) => values.fork()));
    return new RowTable(this.#type, layers);
  }
}

function tensorName(layer: number, head: number, name: string): string {
  return `layers.${layer}.heads.${head}.${name}`;
}
