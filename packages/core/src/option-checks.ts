import { InvalidArgumentError } from './errors.js';
import { suggestName } from './suggest-name.js';

/**
 * The options themselves, checked for names that nobody would read: a misspelt option would silently be
 * its default. An option that is `undefined` counts as left out.
 *
 * @param call what takes the options, for the message
 * @param options what the caller gave
 * @param known the names there are
 * @param aliases what other libraries call an option, with what it is called here: see {@link suggestName}
 * @returns `options`
 * @throws {InvalidArgumentError} naming the unknown option, what was probably meant, and the known ones
 *
 * @example
 * ```ts
 * const { budget } = checkNames('h2o', options, ['budget', 'recentShare'], { size: 'budget' });
 * ```
 */
export function checkNames<Options extends object>(
  call: string,
  options: Options,
  known: readonly (keyof Options & string)[],
  aliases?: Readonly<Record<string, string>>,
): Options {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidArgumentError('options', `${call} needs an object with ${known.join(', ')}`);
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || (known as readonly string[]).includes(name)) continue;
    const meant = suggestName(name, known, aliases);
    const question = meant === null ? '' : `. Did you mean ${meant}?`;
    const problem = `is no option of ${call}; there are ${known.join(', ')}${question}`;
    throw new InvalidArgumentError(name, problem);
  }
  return options;
}

/**
 * @param option its name, for the message
 * @throws {InvalidArgumentError} unless the value is an integer of at least `minimum`
 */
export function checkInteger(option: string, value: number, minimum: number): void {
  if (Number.isSafeInteger(value) && value >= minimum) return;
  throw new InvalidArgumentError(option, `${value} is not an integer of at least ${minimum}`);
}

/**
 * @param option its name, for the message
 * @throws {InvalidArgumentError} unless the value is a finite number from `minimum` to `maximum`
 */
export function checkNumber(
  option: string,
  value: number,
  minimum = Number.NEGATIVE_INFINITY,
  maximum = Number.POSITIVE_INFINITY,
): void {
  if (Number.isFinite(value) && value >= minimum && value <= maximum) return;
  const range =
    maximum < Number.POSITIVE_INFINITY
      ? ` from ${minimum} to ${maximum}`
      : minimum > Number.NEGATIVE_INFINITY
        ? ` of at least ${minimum}`
        : '';
  throw new InvalidArgumentError(option, `${String(value)} is not a finite number${range}`);
}

/** @throws {InvalidArgumentError} unless the value is between 0 and 1 inclusive */
export function checkShare(option: string, value: number): void {
  if (value >= 0 && value <= 1) return;
  throw new InvalidArgumentError(option, `${value} is not between 0 and 1`);
}

/** @throws {InvalidArgumentError} unless the value is one of those allowed */
export function checkChoice(option: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return;
  const meant = typeof value === 'string' ? suggestName(value, allowed) : null;
  const question = meant === null ? '' : `; did you mean '${meant}'?`;
  throw new InvalidArgumentError(
    option,
    `'${String(value)}' is not one of ${allowed.join(', ')}${question}`,
  );
}

/** @throws {InvalidArgumentError} when a signal is given that is no `AbortSignal` */
export function checkSignal(signal: unknown): void {
  if (signal === undefined || signal === null || signal instanceof AbortSignal) return;
  const problem = 'is no AbortSignal; pass the `signal` of an AbortController';
  throw new InvalidArgumentError('signal', problem);
}

/**
 * A copy of a list of numbers. `Float64Array.from` alone turns null into 0 and text into numbers.
 *
 * @param option its name, for the message
 * @param values what the caller gave
 * @param length how many there have to be
 * @returns `[length]`
 * @throws {InvalidArgumentError} when the length is another, or an entry is no finite number
 */
export function finiteNumbers(
  option: string,
  values: ArrayLike<number>,
  length: number,
): Float64Array {
  if (values?.length !== length) {
    throw new InvalidArgumentError(option, `has ${values?.length} numbers, not ${length}`);
  }
  const result = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const value: unknown = values[i];
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      const problem = `number ${i} is ${String(value)}; finite numbers are needed`;
      throw new InvalidArgumentError(option, problem);
    }
    result[i] = value;
  }
  return result;
}
