import { InvalidArgumentError } from '@namm/core';

/**
 * The options themselves, checked for names that nobody would read: a misspelt option would silently be
 * its default.
 *
 * @param call what takes the options, for the message
 * @throws {InvalidArgumentError} naming the unknown option and listing the known ones
 */
export function checkNames<Options extends object>(
  call: string,
  options: Options,
  known: readonly (keyof Options & string)[],
): Options {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidArgumentError('options', `${call} needs an object with ${known.join(', ')}`);
  }
  const unknown = Object.keys(options).find((name) => !(known as readonly string[]).includes(name));
  if (unknown === undefined) return options;
  const problem = `is no option of ${call}; there are ${known.join(', ')}`;
  throw new InvalidArgumentError(unknown, problem);
}

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
