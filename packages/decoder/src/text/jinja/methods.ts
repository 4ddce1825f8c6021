import { sortArguments } from './arguments.js';
import { equals } from './operators.js';
import { fail } from './template-error.js';
import { byName, type Method, ofText } from './text-methods.js';
import {
  Callable,
  Dict,
  DictView,
  Markup,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.js';

const ofDict: Readonly<Record<string, Method<Dict>>> = {
  get: [
    ['key', 'default?'],
    (self, { key, default: otherwise = null }) => (self.has(key!) ? self.get(key!)! : otherwise),
  ],
  items: [[], (self) => new DictView('dict_items', self)],
  keys: [[], (self) => new DictView('dict_keys', self)],
  values: [[], (self) => new DictView('dict_values', self)],
  copy: [[], (self) => Dict.from(self.entries())],
};

const ofItems: Readonly<Record<string, Method<readonly Value[]>>> = {
  count: [['value'], (self, { value }) => BigInt(self.filter((one) => equals(one, value!)).length)],
  index: [
    ['value'],
    (self, { value }) => {
      const at = self.findIndex((one) => equals(one, value!));
      return at < 0 ? fail('the value is not in the list') : BigInt(at);
    },
  ],
};

const ofList: Readonly<Record<string, Method<readonly Value[]>>> = {
  ...ofItems,
  copy: [[], (self) => [...self]],
};

const ofInt: Readonly<Record<string, Method<bigint | number>>> = {
  bit_length: [
    [],
    (self) => BigInt(self === 0n ? 0 : (self < 0 ? -self : self).toString(2).length),
  ],
  conjugate: [[], (self) => self],
};

const ofFloat: Readonly<Record<string, Method<bigint | number>>> = {
  is_integer: [[], (self) => Number.isInteger(self)],
  conjugate: [[], (self) => self],
};

/** Methods that the sandbox of transformers forbids, because they change their object. */
const changing: Readonly<Record<string, readonly string[]>> = {
  list: ['append', 'clear', 'extend', 'insert', 'pop', 'remove', 'reverse', 'sort'],
  dict: ['clear', 'pop', 'popitem', 'setdefault', 'update'],
};
/** Methods of Python that are not done here. */
const refused: Readonly<Record<string, readonly string[]>> = {
  str: ['encode', 'maketrans', 'translate'],
  dict: ['fromkeys'],
  int: ['to_bytes', 'from_bytes', 'bit_count', 'as_integer_ratio'],
  float: ['hex', 'fromhex', 'as_integer_ratio'],
  dict_keys: ['isdisjoint', 'mapping'],
  dict_values: ['mapping'],
  dict_items: ['isdisjoint', 'mapping'],
  range: ['count', 'index', 'start', 'stop', 'step'],
};

/** A method of a value, undefined where Python has none of that name; `format` is with the attributes. */
export function methodOf(value: Value, name: string): Value | undefined {
  const type = typeName(value);
  if (changing[type]?.includes(name)) {
    // Whoever asks whether it is there hears no.
    return new Undefined(`${type}.${name} changes its ${type}, which transformers forbids`);
  }
  if (refused[type]?.includes(name)) return fail(`${type}.${name} is not supported`);
  if (typeof value === 'string') return bind(ofText, value, type, name);
  if (value instanceof Markup)
    return fail(`.${name} of text from |escape or |safe is not supported`);
  if (value instanceof Dict) return bind(ofDict, value, type, name);
  if (Array.isArray(value)) return bind(ofList, value, type, name);
  if (value instanceof Tuple) {
    const at = value.names.indexOf(name);
    return at >= 0 ? value.items[at]! : bind(ofItems, value.items, type, name);
  }
  if (typeof value === 'bigint' || typeof value === 'boolean') {
    const whole = BigInt(value);
    if (name === 'real' || name === 'numerator') return whole;
    if (name === 'imag') return 0n;
    if (name === 'denominator') return 1n;
    return bind(ofInt, whole, type, name);
  }
  if (typeof value === 'number') {
    if (name === 'real') return value;
    if (name === 'imag') return 0;
    return bind(ofFloat, value, type, name);
  }
  return undefined;
}

function bind<Self>(
  methods: Readonly<Record<string, Method<Self>>>,
  self: Self,
  type: string,
  name: string,
): Callable | undefined {
  if (!Object.hasOwn(methods, name)) return undefined;
  const [parameters, call] = methods[name]!;
  const full = `${type}.${name}`;
  return new Callable(full, (args, named) => {
    if (named.size > 0 && !byName.has(full)) fail(`${full} takes no keyword arguments`);
    return call(self, sortArguments(full, parameters, args, named));
  });
}
