import { type Given, sortArguments } from './arguments.js';
import { isFilter } from './filter-names.js';
import { methodOf } from './methods.js';
import { arithmetic, compare, contains, equals } from './operators.js';
import { fail } from './template-error.js';
import { textOf } from './text-of.js';
import {
  Callable,
  Dict,
  DictView,
  Facade,
  hashOf,
  isNumeric,
  iterableIfAny,
  lengthIfAny,
  Markup,
  type Named,
  textIfAny,
  Undefined,
  type Value,
} from './values.js';

type Test = (value: Value, given: Given) => boolean;

const comparison = (operator: string): readonly [readonly string[], Test] => [
  ['other'],
  (value, { other }) => compare(operator, value, other!),
];

const remainder = (value: Value, by: Value) => arithmetic('%', value, by);

function isCase(value: Value, method: 'islower' | 'isupper'): boolean {
  return (methodOf(textOf(value), method) as Callable).call([], new Map()) === true;
}

function isSequence(value: Value): boolean {
  return lengthIfAny(value) !== null && !(value instanceof DictView);
}

function isSame(value: Value, other: Value): boolean {
  // Texts and numbers that are equal may or may not be one object in Python.
  if (textIfAny(value) !== null || typeof value === 'number') {
    return fail('`is sameas` of a text or a float depends on how Python stores it; use ==');
  }
  return typeof value === typeof other && value === other;
}

/** A value as the name of something, '' for what names nothing. @throws {TemplateError} when it cannot be hashed */
function keyOf(value: Value): string {
  hashOf(value);
  return textIfAny(value) ?? '';
}

const tests: Readonly<Record<string, readonly [parameters: readonly string[], test: Test]>> = {
  boolean: [[], (value) => typeof value === 'boolean'],
  callable: [
    [],
    // Jinja2's undefined values have the method of a call; it raises.
    (value) =>
      value instanceof Callable ||
      value instanceof Undefined ||
      (value instanceof Facade && value.call !== null),
  ],
  defined: [[], (value) => !(value instanceof Undefined)],
  divisibleby: [['num'], (value, { num }) => equals(remainder(value, num!), 0n)],
  escaped: [[], (value) => value instanceof Markup],
  even: [[], (value) => equals(remainder(value, 2n), 0n)],
  false: [[], (value) => value === false],
  filter: [[], (value) => isFilter(keyOf(value))],
  float: [[], (value) => typeof value === 'number'],
  in: [['seq'], (value, { seq }) => contains(seq!, value)],
  integer: [[], (value) => typeof value === 'bigint'],
  iterable: [[], (value) => iterableIfAny(value) !== null],
  lower: [[], (value) => isCase(value, 'islower')],
  mapping: [[], (value) => value instanceof Dict],
  none: [[], (value) => value === null],
  number: [[], isNumeric],
  odd: [[], (value) => equals(remainder(value, 2n), 1n)],
  sameas: [['other'], (value, { other }) => isSame(value, other!)],
  sequence: [[], isSequence],
  string: [[], (value) => textIfAny(value) !== null],
  test: [[], (value) => isTest(keyOf(value))],
  true: [[], (value) => value === true],
  undefined: [[], (value) => value instanceof Undefined],
  upper: [[], (value) => isCase(value, 'isupper')],
  ...Object.fromEntries(
    Object.entries({
      '==': ['==', 'eq', 'equalto'],
      '!=': ['!=', 'ne'],
      '<': ['<', 'lt', 'lessthan'],
      '<=': ['<=', 'le'],
      '>': ['>', 'gt', 'greaterthan'],
      '>=': ['>=', 'ge'],
    }).flatMap(([operator, names]) => names.map((name) => [name, comparison(operator)])),
  ),
};

/** Whether there is a test of that name. */
export function isTest(name: string): boolean {
  return Object.hasOwn(tests, name);
}

/**
 * `value is name(args)`.
 *
 * @throws {TemplateError} when there is no such test, or it cannot take the value
 */
export function runTest(name: string, value: Value, args: readonly Value[], named: Named): boolean {
  if (!isTest(name)) return fail(`there is no test named '${name}'`);
  const [parameters, test] = tests[name]!;
  return test(value, sortArguments(`the test '${name}'`, parameters, args, named));
}
