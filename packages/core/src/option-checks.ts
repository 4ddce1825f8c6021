import { InvalidArgumentError } from './errors.js';
import { shown } from './shown.js';
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
    const problem = `is not an option of ${call}; there are ${known.join(', ')}${question}`;
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
 * @param value what the caller gave
 * @param accept which numbers are right
 * @param needed the same in words, as in "-1 is not a positive number"
 * @returns `value`
 * @throws {InvalidArgumentError} unless the value is a number, not NaN, and accepted
 */
export function checkNumber(
  option: string,
  value: number,
  accept: (value: number) => boolean,
  needed: string,
): number {
  if (typeof value === 'number' && accept(value)) return value;
  throw new InvalidArgumentError(option, `${shown(value)} is not ${needed}`);
}

/** @throws {InvalidArgumentError} unless the value is between 0 and 1 inclusive */
export function checkShare(option: string, value: number): void {
  if (value >= 0 && value <= 1) return;
  throw new InvalidArgumentError(option, `${value} is not between 0 and 1`);
}

/**
 * @param option its name, for the message
 * @param value what the caller gave
 * @param allowed the words there are
 * @param aliases what other libraries call a word, with what it is called here
 * @throws {InvalidArgumentError} unless the value is one of those allowed, with what was probably meant
 */
export function checkChoice(
  option: string,
  value: string,
  allowed: readonly string[],
  aliases: Readonly<Record<string, string>> = {},
): void {
  if (allowed.includes(value)) return;
  const own = Object.entries(aliases).filter(([, to]) => allowed.includes(to));
  const meant =
    typeof value === 'string' ? suggestName(value, allowed, Object.fromEntries(own)) : null;
  const question = meant === null ? '' : `; did you mean '${meant}'?`;
  const problem = `${shown(value)} is not one of ${allowed.join(', ')}${question}`;
  throw new InvalidArgumentError(option, problem);
}

/** @throws {InvalidArgumentError} when a signal is given that is no `AbortSignal` */
export function checkSignal(signal: unknown): void {
  if (signal === undefined || signal === null || signal instanceof AbortSignal) return;
  const problem = 'is not an AbortSignal; pass the `signal` of an AbortController';
  throw new InvalidArgumentError('signal', problem);
}
