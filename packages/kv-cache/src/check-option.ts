import { InvalidArgumentError } from '@namm/core';

/** @throws {InvalidArgumentError} unless the value is an integer of at least `minimum` */
export function checkInteger(option: string, value: number, minimum: number): void {
  if (Number.isSafeInteger(value) && value >= minimum) return;
  throw new InvalidArgumentError(option, `${value} is not an integer of at least ${minimum}`);
}

/** @throws {InvalidArgumentError} unless the value is between 0 and 1 inclusive */
export function checkShare(option: string, value: number): void {
  if (value >= 0 && value <= 1) return;
  throw new InvalidArgumentError(option, `${value} is not between 0 and 1`);
}

/** @throws {InvalidArgumentError} unless the value is one of those allowed */
export function checkChoice(option: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return;
  throw new InvalidArgumentError(option, `'${value}' is not one of ${allowed.join(', ')}`);
}
