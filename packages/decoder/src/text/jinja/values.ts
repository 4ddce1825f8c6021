import { fail } from './template-error.js';

/**
 * A value as a template sees it. `bigint` is Python's int and `number` its float, so that 1 and 1.0 stay
 * apart; null is None, an array is a list.
 */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Value[]
  | Tuple
  | Dict
  | Undefined
  | Namespace
  | Callable
  | Range
  | DictView
  | Lazy
  | Markup
  | Facade;

/** Named arguments of a call. */
export type Named = ReadonlyMap<string, Value>;

export class Tuple {
  readonly items: readonly Value[];
  /** Names of the items of a named tuple. */
  readonly names: readonly string[];

  constructor(items: readonly Value[], names: readonly string[] = []) {
    this.items = items;
    this.names = names;
  }
}

/** What is not there: prints as nothing, is empty and false; everything else with it is an error. */
export class Undefined {
  /** Says what is not there. */
  readonly problem: string;

  constructor(problem: string) {
    this.problem = problem;
  }
}

/** A variable of a template that loops can assign to: `namespace(found=false)`. */
export class Namespace {
  readonly attributes = new Map<string, Value>();
}

/** A function, method, macro or class. */
export class Callable {
  readonly name: string;
  readonly call: (args: readonly Value[], named: Named) => Value;
  /** Attributes of a macro. */
  readonly attributes: Named;

  constructor(
    name: string,
    call: (args: readonly Value[], named: Named) => Value,
    attributes: Named = new Map(),
  ) {
    this.name = name;
    this.call = call;
    this.attributes = attributes;
  }
}

/** `range(start, stop, step)`. */
export class Range {
  readonly start: bigint;
  readonly stop: bigint;
  readonly step: bigint;

  constructor(start: bigint, stop: bigint, step: bigint) {
    this.start = start;
    this.stop = stop;
    this.step = step;
  }

  get length(): number {
    const { start, stop, step } = this;
    const span = step > 0n ? stop - start : start - stop;
    const size = step > 0n ? step : -step;
    return span <= 0n ? 0 : Number((span + size - 1n) / size);
  }

  at(index: number): bigint {
    return this.start + this.step * BigInt(index);
  }
}

/** `dict.keys()`, `.values()`, `.items()`: they see later changes, and print with their names. */
export class DictView {
  readonly kind: 'dict_keys' | 'dict_values' | 'dict_items';
  readonly dict: Dict;

  constructor(kind: DictView['kind'], dict: Dict) {
    this.kind = kind;
    this.dict = dict;
  }

  items(): Value[] {
    if (this.kind === 'dict_keys') return [...this.dict.keys()];
    if (this.kind === 'dict_values') return [...this.dict.values()];
    return [...this.dict.entries()].map((entry) => new Tuple(entry));
  }
}

/** What filters such as `map` and `select` give: values that can be gone through once. */
export class Lazy {
  readonly iterator: Iterator<Value>;
  /** Name of the filter, for messages. */
  readonly source: string;

  constructor(source: string, values: Iterable<Value>) {
    this.source = source;
    this.iterator = values[Symbol.iterator]();
  }

  [Symbol.iterator](): Iterator<Value> {
    // A plain object, so that leaving a loop early does not end the iterator.
    return { next: () => this.iterator.next() };
  }
}

/** Text marked as safe HTML, as `|escape` and `|safe` give it. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** An object of the engine with attributes: the `loop` variable, a cycler. */
export class Facade {
  readonly name: string;
  readonly attribute: (name: string) => Value | undefined;
  readonly call: Callable['call'] | null;

  constructor(
    name: string,
    attribute: (name: string) => Value | undefined,
    call: Callable['call'] | null = null,
  ) {
    this.name = name;
    this.attribute = attribute;
    this.call = call;
  }
}

/** A dict: keys of any hashable kind, in the order in which they came. */
export class Dict {
  readonly #entries = new Map<string, [Value, Value]>();

  static from(entries: Iterable<readonly [Value, Value]>): Dict {
    const dict = new Dict();
    for (const [key, value] of entries) dict.set(key, value);
    return dict;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Value): Value | undefined {
    return this.#entries.get(hashOf(key))?.[1];
  }

  has(key: Value): boolean {
    return this.#entries.has(hashOf(key));
  }

  set(key: Value, value: Value): void {
    const hash = hashOf(key);
    // As in Python, the first of equal keys stays.
    this.#entries.set(hash, [this.#entries.get(hash)?.[0] ?? key, value]);
  }

  *keys(): Generator<Value> {
    for (const [key] of this.#entries.values()) yield key;
  }

  *values(): Generator<Value> {
    for (const [, value] of this.#entries.values()) yield value;
  }

  *entries(): Generator<[Value, Value]> {
    for (const [key, value] of this.#entries.values()) yield [key, value];
  }
}

/** Equal keys have equal texts: 1, 1.0 and True are one key. */
export function hashOf(key: Value): string {
  if (typeof key === 'string') return `s${key}`;
  if (key instanceof Markup) return `s${key.text}`;
  if (key === null) return 'none';
  if (typeof key === 'boolean') return key ? 'n1' : 'n0';
  if (typeof key === 'bigint') return `n${key}`;
  if (typeof key === 'number') return Number.isInteger(key) ? `n${BigInt(key)}` : `n${key}`;
  if (key instanceof Tuple) return `t${JSON.stringify(key.items.map(hashOf))}`;
  if (key instanceof Undefined) return 'undefined';
  return fail(`unhashable type: '${typeName(key)}'`);
}

/** Python's name of a value's type. */
export function typeName(value: Value): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return 'float';
  if (typeof value === 'string') return 'str';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Tuple) return 'tuple';
  if (value instanceof Dict) return 'dict';
  if (value instanceof Undefined) return 'Undefined';
  if (value instanceof Namespace) return 'Namespace';
  if (value instanceof Range) return 'range';
  if (value instanceof DictView) return value.kind;
  if (value instanceof Markup) return 'Markup';
  if (value instanceof Lazy) return 'generator';
  return value.name;
}

/** @throws {TemplateError} when a value is not there, and something is done with it */
export function mustBeThere(value: Value): void {
  if (value instanceof Undefined) fail(value.problem);
}

export function isTrue(value: Value): boolean {
  if (value === null || value instanceof Undefined) return false;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return value !== 0n;
  if (typeof value === 'number') return value !== 0;
  const length = lengthIfAny(value);
  return length === null || length > 0;
}

/** Characters of a text, as Python counts them: code points. */
export function charactersOf(text: string): string[] {
  return Array.from(text);
}

/** Length, null for what has none. */
export function lengthIfAny(value: Value): number | null {
  if (typeof value === 'string') return charactersOf(value).length;
  if (value instanceof Markup) return charactersOf(value.text).length;
  if (Array.isArray(value) || value instanceof Range) return value.length;
  if (value instanceof Tuple) return value.items.length;
  if (value instanceof Dict) return value.size;
  if (value instanceof DictView) return value.dict.size;
  if (value instanceof Undefined) return 0;
  return null;
}

export function lengthOf(value: Value): number {
  return lengthIfAny(value) ?? fail(`object of type '${typeName(value)}' has no len()`);
}

/** What a loop goes through, null for what cannot be gone through. */
export function iterableIfAny(value: Value): Iterable<Value> | null {
  if (typeof value === 'string') return charactersOf(value);
  if (value instanceof Markup) return charactersOf(value.text);
  if (Array.isArray(value)) return value;
  if (value instanceof Tuple) return value.items;
  if (value instanceof Dict) return value.keys();
  if (value instanceof DictView) return value.items();
  if (value instanceof Range) return rangeItems(value);
  if (value instanceof Lazy) return value;
  if (value instanceof Undefined) return [];
  return null;
}

function* rangeItems(range: Range): Generator<Value> {
  for (let i = 0; i < range.length; i++) yield range.at(i);
}

export function iterate(value: Value): Iterable<Value> {
  return iterableIfAny(value) ?? fail(`'${typeName(value)}' object is not iterable`);
}

/** Whether a value counts as a number in comparisons; True is 1. */
export function isNumeric(value: Value): value is boolean | bigint | number {
  return typeof value === 'boolean' || typeof value === 'bigint' || typeof value === 'number';
}

/** A number without booleans. */
export function toNumber(value: boolean | bigint | number): bigint | number {
  return typeof value === 'boolean' ? BigInt(value) : value;
}

/** Text of a `str` or a Markup, null for anything else. */
export function textIfAny(value: Value): string | null {
  if (typeof value === 'string') return value;
  return value instanceof Markup ? value.text : null;
}

/** An int for an index or a count; True is 1. */
export function toIndex(value: Value, what: string): bigint {
  mustBeThere(value);
  if (typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return BigInt(value);
  return fail(`${what} is a ${typeName(value)}, not an int`);
}

/** The same as a JavaScript number; what is out of reach of any text or list is brought near. */
export function toSmallInt(value: Value, what: string): number {
  const index = toIndex(value, what);
  const reach = 2n ** 53n - 1n;
  return Number(index > reach ? reach : index < -reach ? -reach : index);
}

const plain = new Set<unknown>([Object.prototype, null]);

/**
 * A JavaScript value as a template sees it. Whole numbers are ints. What is not data, such as a picture,
 * becomes a text that names its kind, as in transformers.
 */
export function fromJavaScript(value: unknown): Value {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) return value;
    if (Number.isSafeInteger(value)) return BigInt(value);
    return fail(
      `whether ${value} is an int or a float cannot be told; pass ints of that size as bigint`,
    );
  }
  if (value === undefined) return new Undefined('the value is undefined');
  if (Array.isArray(value)) return value.map((item) => fromJavaScript(item ?? null));
  if (value instanceof Map) {
    return Dict.from(
      Array.from(value, ([key, item]) => [fromJavaScript(key), fromJavaScript(item)]),
    );
  }
  if (typeof value === 'object' && plain.has(Object.getPrototypeOf(value))) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return Dict.from(entries.map(([key, item]) => [key, fromJavaScript(item)]));
  }
  const kind = typeof value === 'object' ? value.constructor?.name : typeof value;
  return `<${kind ?? 'object'}>`;
}
