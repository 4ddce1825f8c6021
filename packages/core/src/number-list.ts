import { InvalidArgumentError } from './errors.js';
import { checkNames } from './option-checks.js';
import { shown } from './shown.js';

/** What is asked of a list. */
export interface NumberListDemand {
  /** How many numbers; left out where any number will do. */
  readonly length?: number;
  /** Which numbers; left out where any finite one will do. */
  readonly accept?: (value: number) => boolean;
  /** The same in words. */
  readonly needed?: string;
}

/**
 * A copy of a caller's list of numbers. Nothing is converted: `Float64Array.from` would turn null, false and '' into 0,
 * and holes into NaN.
 *
 * @param name of the argument, for messages
 * @param values what the caller gave
 * @param demand how many, and which
 * @returns `[length]`
 * @throws {InvalidArgumentError} for anything but a list of that many such numbers
 */
export function numberList(
  name: string,
  values: ArrayLike<number>,
  demand: NumberListDemand = {},
): Float64Array {
  checkNames(`numberList of ${name}`, demand, ['length', 'accept', 'needed']);
  const { length, accept = Number.isFinite, needed = 'finite numbers are needed' } = demand;
  const count: unknown = typeof values === 'object' ? values?.length : undefined;
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) {
    throw new InvalidArgumentError(name, `${shown(values)} is not a list of numbers`);
  }
  if (length !== undefined && count !== length) {
    throw new InvalidArgumentError(name, `has ${count} numbers, not ${length}`);
  }
  // before any memory is taken for a list that says it is endless
  const wrong = firstWrong(values, count, accept);
  if (wrong >= 0) {
    throw new InvalidArgumentError(name, `number ${wrong} is ${shown(values[wrong])}; ${needed}`);
  }
  return Float64Array.from(values);
}

function firstWrong(
  values: ArrayLike<number>,
  count: number,
  accept: (value: number) => boolean,
): number {
  for (let i = 0; i < count; i++) {
    const value: unknown = values[i];
    if (typeof value !== 'number' || !accept(value)) return i;
  }
  return -1;
}
