import { checkNames, InvalidArgumentError, numberList } from '@namm/core/portable';
import { oneOf } from './one-of.js';
import { boundsAliases, boundsAsList } from './option-names.js';

/** A box that candidates stay in. */
export interface BoundsOptions {
  /** One number for all coordinates or one each; −Infinity for none. */
  readonly lower?: number | ArrayLike<number>;
  /** As `lower`; Infinity for none. */
  readonly upper?: number | ArrayLike<number>;
  /**
   * Candidates outside are evaluated at the nearest point inside. `penalty` adds a cost for their distance to the
   * fitness, with adaptive weights (Hansen and others, "A method for handling uncertainty", 2009, section IV-D). With
   * `clip` the distribution learns from the clipped points instead of the sampled ones; under matrix adaptation this
   * takes an iterative solve per point.
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

/** One number per coordinate; infinite for no bound. */
function expand(
  name: string,
  value: number | ArrayLike<number>,
  none: number,
  dimension: number,
): Float64Array {
  const list = typeof value === 'number' ? new Float64Array(dimension).fill(value) : value;
  const needed = `a number is needed, ${none > 0 ? 'Infinity' : '-Infinity'} for no bound`;
  const accept = (bound: number) => Number.isFinite(bound) || bound === none;
  return numberList(name, list, { length: dimension, accept, needed });
}

/** @throws {InvalidArgumentError} for wrong lengths, an empty box, or a mean outside it */
export function resolveBounds(given: BoundsOptions, mean: Float64Array): Bounds {
  if (Array.isArray(given) || ArrayBuffer.isView(given)) {
    throw new InvalidArgumentError('bounds', boundsAsList);
  }
  checkNames('bounds', given, ['lower', 'upper', 'handling'], boundsAliases);
  const [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const lower = expand(
    'bounds.lower',
    given.lower === undefined ? low : given.lower,
    low,
    mean.length,
  );
  const upper = expand(
    'bounds.upper',
    given.upper === undefined ? high : given.upper,
    high,
    mean.length,
  );
  for (let i = 0; i < mean.length; i++) {
    if (!(lower[i]! < upper[i]!)) {
      const box = `coordinate ${i} may go from ${lower[i]} to ${upper[i]}`;
      throw new InvalidArgumentError('bounds', `${box}; lower must be below upper`);
    }
  }
  const outside = findOutside(mean, { lower, upper });
  if (outside) throw new InvalidArgumentError('mean', outside);
  const handling = oneOf('bounds.handling', given.handling, ['clip', 'penalty'], 'penalty');
  return { lower, upper, handling };
}

/** The first coordinate of a point that is out of bounds, in words; null when none is. */
export function findOutside(
  point: Float64Array,
  { lower, upper }: Pick<Bounds, 'lower' | 'upper'>,
): string | null {
  const i = point.findIndex((value, at) => !(value >= lower[at]! && value <= upper[at]!));
  if (i < 0) return null;
  return `coordinate ${i} is ${point[i]}, outside its bounds ${lower[i]} to ${upper[i]}`;
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
