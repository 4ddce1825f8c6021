import { sortArguments } from './arguments.js';
import { strftime } from './strftime.js';
import { fail } from './template-error.js';
import { textOf } from './text-of.js';
import {
  Callable,
  Dict,
  Facade,
  iterate,
  mustBeThere,
  type Named,
  Namespace,
  Range,
  toIndex,
  typeName,
  type Value,
} from './values.js';

/** As the sandbox of Jinja2 has it. */
const longestRange = 100_000;

function pairsOf(name: string, args: readonly Value[], named: Named): [Value, Value][] {
  if (args.length > 1) fail(`${name} expected at most 1 argument, got ${args.length}`);
  const [first] = args;
  if (first !== undefined) mustBeThere(first);
  const pairs: [Value, Value][] =
    first === undefined
      ? []
      : first instanceof Dict
        ? [...first.entries()]
        : Array.from(iterate(first), (pair) => {
            const items = [...iterate(pair)];
            return items.length === 2 ? (items as [Value, Value]) : fail(`${name} needs pairs`);
          });
  return [...pairs, ...named];
}

function range(args: readonly Value[], named: Named): Value {
  if (named.size > 0) fail('range takes no keyword arguments');
  if (args.length < 1 || args.length > 3) fail(`range takes 1 to 3 arguments, not ${args.length}`);
  const numbers = args.map((value) => toIndex(value, 'an argument of range'));
  const [start, stop, step = 1n] =
    numbers.length === 1 ? [0n, numbers[0]!] : (numbers as [bigint, bigint, bigint?]);
  if (step === 0n) fail('range() arg 3 must not be zero');
  const made = new Range(start, stop, step);
  return made.length > longestRange ? fail(`range of more than ${longestRange} numbers`) : made;
}

function namespace(args: readonly Value[], named: Named): Value {
  const made = new Namespace();
  for (const [name, value] of pairsOf('namespace', args, named))
    setAttribute(made, textOf(name), value);
  return made;
}

/** @throws {TemplateError} for a name that transformers refuses */
export function setAttribute(namespace: Namespace, name: string, value: Value): void {
  if (name.startsWith('_'))
    fail(`a namespace cannot hold '${name}', whose name begins with an underscore`);
  namespace.attributes.set(name, value);
}

function cycler(items: readonly Value[]): Value {
  if (items.length === 0) fail('at least one item has to be provided');
  let at = 0;
  const next = new Callable('next', (args, named) => {
    sortArguments('next', [], args, named);
    const item = items[at]!;
    at = (at + 1) % items.length;
    return item;
  });
  const reset = new Callable('reset', (args, named) => {
    sortArguments('reset', [], args, named);
    at = 0;
    return null;
  });
  const attribute = (name: string) => ({ next, __next__: next, reset, current: items[at]! })[name];
  return new Facade('Cycler', attribute);
}

function joiner(args: readonly Value[], named: Named): Value {
  const { sep = ', ' } = sortArguments('joiner', ['sep?'], args, named);
  let isFirst = true;
  return new Facade(
    'Joiner',
    () => undefined,
    (...given) => {
      sortArguments('joiner', [], ...given);
      const text = isFirst ? '' : sep;
      isFirst = false;
      return text;
    },
  );
}

/** The blocks of a template; chat templates have none. */
const blocks = new Facade('TemplateReference', (name) => fail(`self.${name} is not supported`));

/** Functions that every template has. @param now the date of `strftime_now` */
export function globals(now: () => Date): Map<string, Value> {
  const entries: Record<string, Callable['call']> = {
    range,
    namespace,
    dict: (args, named) => Dict.from(pairsOf('dict', args, named)),
    cycler: (args, named) =>
      named.size > 0 ? fail('cycler takes no keyword arguments') : cycler(args),
    joiner,
    lipsum: () => fail('lipsum is not supported'),
    raise_exception: (args, named) => {
      const { message } = sortArguments('raise_exception', ['message'], args, named);
      return fail(message === null ? '' : textOf(message!));
    },
    strftime_now: (args, named) => {
      const { format } = sortArguments('strftime_now', ['format'], args, named);
      return typeof format === 'string'
        ? strftime(now(), format)
        : fail(`strftime_now needs a str, not ${typeName(format!)}`);
    },
  };
  const all = Object.entries(entries).map(
    ([name, call]) => [name, new Callable(name, call)] as [string, Value],
  );
  return new Map([...all, ['self', blocks]]);
}
