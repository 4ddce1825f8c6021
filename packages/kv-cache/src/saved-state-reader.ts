import { FileFormatError } from '@namm/core';
import type { SavedState, StateArray, StateTensor } from './contracts/saved-state.js';

/** How the types of arrays are called, for messages. */
type ArrayType<T extends StateArray> = new (length: number) => T;

/**
 * Takes tensors out of a saved state and checks that they are as expected.
 *
 * @example
 * ```ts
 * const reader = new SavedStateReader(saved);
 * const sums = reader.take('sums', Float64Array, [null]);
 * reader.end();
 * ```
 */
export class SavedStateReader {
  readonly #left: Map<string, StateTensor>;

  /** @throws {FileFormatError} when it is not a state */
  constructor(saved: SavedState) {
    if (!(saved instanceof Map)) throw badState('is not a Map of tensors');
    this.#left = new Map(saved);
  }

  /**
   * A copy of the numbers of one tensor.
   *
   * @param name of the tensor
   * @param type of its array
   * @param shape its sizes; null for any size
   * @throws {FileFormatError} when it is missing, or of another type or shape
   */
  take<T extends StateArray>(
    name: string,
    type: ArrayType<T>,
    shape: readonly (number | null)[],
  ): T {
    const tensor = this.#left.get(name);
    if (tensor === undefined) throw badState(`has no tensor ${name}`);
    const { data, shape: sizes } = tensor;
    const isShape =
      sizes.length === shape.length && shape.every((size, i) => size === null || size === sizes[i]);
    const count = sizes.reduce((product, size) => product * size, 1);
    if (!(data instanceof type) || !isShape || count !== data.length) {
      const found = `${data.constructor.name} [${sizes}] with ${data.length} numbers`;
      const wanted = `${type.name} [${shape.map((size) => size ?? 'any')}]`;
      throw badState(`holds ${name} as ${found} where ${wanted} is needed`);
    }
    this.#left.delete(name);
    return data.slice() as T;
  }

  /** @throws {FileFormatError} when tensors were not taken */
  end(): void {
    const [name] = this.#left.keys();
    if (name !== undefined) throw badState(`holds ${name}, which nobody reads`);
  }
}

/** A state that cannot be read, and why. */
export function badState(problem: string): FileFormatError {
  return new FileFormatError('saved policy state', problem);
}
