import { fail } from './template-error.js';
import { type Named, Undefined, type Value } from './values.js';

/** What a function was given, by parameter. */
export type Given = Readonly<Record<string, Value | undefined>>;

/**
 * Sorts arguments to parameters, as a call of a Python function does.
 *
 * @param parameters names in order; those that end with `?` may be left out
 * @throws {TemplateError} for one too many, one too few, and unknown names
 */
export function sortArguments(
  name: string,
  parameters: readonly string[],
  args: readonly Value[],
  named: Named,
): Given {
  const given: Record<string, Value | undefined> = {};
  const names = parameters.map((parameter) => parameter.replace('?', ''));
  if (args.length > names.length) {
    fail(`${name} takes ${names.length} arguments, but ${args.length} were given`);
  }
  for (const [i, value] of args.entries()) given[names[i]!] = value;
  for (const [key, value] of named) {
    if (!names.includes(key)) fail(`${name} got an unexpected keyword argument '${key}'`);
    if (key in given) fail(`${name} got multiple values for argument '${key}'`);
    given[key] = value;
  }
  for (const [i, parameter] of parameters.entries()) {
    const isMissing = !parameter.endsWith('?') && !(names[i]! in given);
    if (isMissing) fail(`${name} misses the argument '${parameter}'`);
  }
  return given;
}

/** A text that was given; none, null where the parameter takes None. */
export function textGiven(value: Value | undefined, what: string): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  if (value instanceof Undefined) return fail(value.problem);
  return fail(`${what} must be a str`);
}
