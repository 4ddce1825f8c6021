import { InvalidArgumentError } from '@namm/core/portable';

/** A box that candidates stay in. */
export interface BoundsOptions {
  /** One number for all coordinates or one each; −Infinity for none. */
  readonly lower?: number | ArrayLike<number>;
  /** As `lower`; Infinity for none. */
  readonly upper?: number | ArrayLike<number>;
  /**
   * Candidates outside are evaluated at the nearest point inside. `penalty` adds to their fitness what
   * their distance costs, with weights that adapt (Hansen and others, "A method for handling uncertainty",
   * 2009, section IV-D); with `clip` the distribution learns from the points inside instead of those drawn,
   * which under matrix adaptation takes an iterative solve for each.
   *
   * @defaultValue 'penalty'
   */
  readonly handling?: 'clip' | 'penalty';
}

/** Bounds with a number for every coordinate. */
export interface Bounds {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly handling: 'clip' | 'penalty';
}

function expand(name: string, value: number | ArrayLike<number>, dimension: number): Float64Array {
  if (typeof value === 'number') return new Float64Array(dimension).fill(value);
  if (value.length !== dimension) {
    throw new InvalidArgumentError(name, `has ${value.length} numbers for ${dimension} dimensions`);
  }
  return Float64Array.from(value);
}

/** @throws {InvalidArgumentError} for wrong lengths, an empty box, or a mean outside it */
export function resolveBounds(given: BoundsOptions, mean: Float64Array): Bounds {
  const lower = expand('bounds.lower', given.lower ?? Number.NEGATIVE_INFINITY, mean.length);
  const upper = expand('bounds.upper', given.upper ?? Number.POSITIVE_INFINITY, mean.length);
  for (let i = 0; i < mean.length; i++) {
    if (!(lower[i]! < upper[i]!)) {
      const box = `coordinate ${i} may go from ${lower[i]} to ${upper[i]}`;
      throw new InvalidArgumentError('bounds', `${box}; lower must be below upper`);
    }
    if (!(mean[i]! >= lower[i]! && mean[i]! <= upper[i]!)) {
      const box = `${lower[i]} to ${upper[i]}`;
      throw new InvalidArgumentError(
        'mean',
        `coordinate ${i} is ${mean[i]}, outside its bounds ${box}`,
      );
    }
  }
  const handling = given.handling ?? 'penalty';
  if (handling !== 'clip' && handling !== 'penalty') {
    throw new InvalidArgumentError(
      'bounds.handling',
      `'${String(handling)}' is not clip or penalty`,
    );
  }
  return { lower, upper, handling };
}

/**
 * The nearest point inside.
 *
 * @param target where to write it: `point` itself, or new memory if left out
 */
export function clip(
  point: Float64Array,
  { lower, upper }: Bounds,
  target: Float64Array = new Float64Array(point.length),
): Float64Array {
  for (let i = 0; i < target.length; i++) {
    target[i] = Math.min(upper[i]!, Math.max(lower[i]!, point[i]!));
  }
  return target;
}
