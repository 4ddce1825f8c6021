import { type Given, sortArguments, textGiven } from './arguments.js';
import { itemOrAttribute, ownAttribute } from './attributes.js';
import { type FilterName, isFilter, type OpenFilterName } from './filter-names.js';
import { formatPercent } from './format-text.js';
import { type JsonStyle, jsonText } from './json-text.js';
import { capitalize, center, methodOf } from './methods.js';
import { arithmetic, equals, order } from './operators.js';
import { roundFloat } from './round-float.js';
import { fail } from './template-error.js';
import { runTest } from './tests.js';
import { textOf } from './text-of.js';
import {
  type Callable,
  charactersOf,
  Dict,
  hashOf,
  isNumeric,
  isTrue,
  iterableIfAny,
  iterate,
  Lazy,
  lengthOf,
  Markup,
  mustBeThere,
  type Named,
  Tuple,
  textIfAny,
  toIndex,
  toNumber,
  toSmallInt,
  typeName,
  Undefined,
  type Value,
} from './values.js';
import { isSpace } from './white-space.js';

type Filter = (value: Value, given: Given) => Value;

const has = (value: Value | undefined): value is Value => value !== undefined && value !== null;

/** What `attribute='a.b'` picks of an item. */
function picker(attribute: Value | undefined, otherwise?: Value): (item: Value) => Value {
  if (!has(attribute)) return (item) => item;
  const parts: Value[] =
    typeof attribute === 'string'
      ? attribute.split('.').map((part) => (/^\d+$/.test(part) ? BigInt(part) : part))
      : [attribute];
  return (item) =>
    parts.reduce<Value>((value, part) => {
      const picked = itemOrAttribute(value, part);
      return picked instanceof Undefined && has(otherwise) ? otherwise : picked;
    }, item);
}

/** What sorting and comparing looks at: texts without their case, unless that counts. */
function caseless(caseSensitive: Value | undefined): (value: Value) => Value {
  if (caseSensitive !== undefined && isTrue(caseSensitive)) return (value) => value;
  return (value) => (typeof value === 'string' ? value.toLowerCase() : value);
}

function sorted<T>(items: readonly T[], key: (item: T) => Value, reverse: Value | undefined): T[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  const sign = reverse !== undefined && toIndex(reverse, 'reverse') !== 0n ? -1 : 1;
  keyed.sort((a, b) => sign * order('<', a.key, b.key));
  return keyed.map(({ item }) => item);
}

function extreme(name: 'min' | 'max'): Filter {
  return (value, { case_sensitive, attribute }) => {
    const [pick, fold] = [picker(attribute), caseless(case_sensitive)];
    let best: Value | undefined;
    for (const item of iterate(value)) {
      if (best === undefined) best = item;
      const sign = order(name === 'min' ? '<' : '>', fold(pick(item)), fold(pick(best)));
      if (name === 'min' ? sign < 0 : sign > 0) best = item;
    }
    return best === undefined ? new Undefined('No aggregated item, sequence was empty.') : best;
  };
}

function* batches(items: Iterable<Value>, size: number, fill: Value | undefined): Generator<Value> {
  let batch: Value[] = [];
  for (const item of items) {
    if (batch.length === size) {
      yield batch;
      batch = [];
    }
    batch.push(item);
  }
  if (batch.length === 0) return;
  while (has(fill) && batch.length < size) batch.push(fill);
  yield batch;
}

function* slices(
  items: readonly Value[],
  count: number,
  fill: Value | undefined,
): Generator<Value> {
  if (count === 0) fail('|slice into 0 parts: integer division or modulo by zero');
  const size = Math.floor(items.length / count);
  const longer = items.length % count;
  let start = 0;
  for (let i = 0; i < count; i++) {
    const part = items.slice(start, start + size + (i < longer ? 1 : 0));
    start += part.length;
    if (has(fill) && i >= longer) part.push(fill);
    yield part;
  }
}

function* unique(value: Value, { case_sensitive, attribute }: Given): Generator<Value> {
  const [pick, fold] = [picker(attribute), caseless(case_sensitive)];
  const seen = new Set<string>();
  for (const item of iterate(value)) {
    const hash = hashOf(fold(pick(item)));
    if (seen.has(hash)) continue;
    seen.add(hash);
    yield item;
  }
}

function groupBy(value: Value, { attribute, default: otherwise, case_sensitive }: Given): Value {
  const [pick, fold] = [picker(attribute, otherwise), caseless(case_sensitive)];
  const key = (item: Value) => fold(pick(item));
  const groups: { key: Value; items: Value[] }[] = [];
  for (const item of sorted([...iterate(value)], key, undefined)) {
    const last = groups.at(-1);
    if (last && equals(last.key, key(item))) last.items.push(item);
    else groups.push({ key: key(item), items: [item] });
  }
  return groups.map(({ items }) => new Tuple([pick(items[0]!), items], ['grouper', 'list']));
}

const spaceAhead = /^[ \t\n\v\f\r]*$/;

/** What `int(text)` and `float(text)` read. */
function parseInteger(text: string, base: number): bigint | null {
  const match = /^([-+]?)(0[xob])?([\da-z]+(?:_[\da-z]+)*)$/i.exec(trimmed(text));
  if (!match) return null;
  const [, sign, prefix, grouped] = match as unknown as [
    string,
    string,
    string | undefined,
    string,
  ];
  const bases: Readonly<Record<string, number>> = { '0x': 16, '0o': 8, '0b': 2 };
  const named = prefix === undefined ? null : bases[prefix.toLowerCase()]!;
  if (named !== null && named !== base && base !== 0) return null;
  const actual = base === 0 ? (named ?? 10) : base;
  let value = 0n;
  for (const digit of grouped.replaceAll('_', '')) {
    const size = Number.parseInt(digit, 36);
    if (!(size < actual)) return null;
    value = value * BigInt(actual) + BigInt(size);
  }
  return sign === '-' ? -value : value;
}

function parseFloatText(text: string): number | null {
  const plain = trimmed(text);
  if (/^[-+]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[-+]?\d+)?$/i.test(plain)) {
    return Number(plain.replaceAll('_', ''));
  }
  const match = /^([-+]?)(inf|infinity|nan)$/i.exec(plain);
  if (!match) return null;
  const size = match[2]!.toLowerCase() === 'nan' ? Number.NaN : Number.POSITIVE_INFINITY;
  return match[1] === '-' ? -size : size;
}

function trimmed(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && isSpace(text[from]!)) from++;
  while (to > from && isSpace(text[to - 1]!)) to--;
  return spaceAhead.test(text) ? '' : plainDigits(text.slice(from, to));
}

/** Decimal digits of any script as those of ASCII. They stand together by tens, each ten from 0 to 9. */
function plainDigits(text: string): string {
  const isDigit = (code: number) => /\p{Nd}/u.test(String.fromCodePoint(code));
  return text.replace(/\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0)!;
    let first = code;
    while (isDigit(first - 1)) first--;
    return String((code - first) % 10);
  });
}

function toInteger(value: Value, { default: otherwise = 0n, base = 10n }: Given): Value {
  mustBeThere(value);
  const text = textIfAny(value);
  if (text !== null) {
    const whole = parseInteger(text, toSmallInt(base, 'base'));
    if (whole !== null) return whole;
    const float = parseFloatText(text);
    return float !== null && Number.isFinite(float) ? BigInt(Math.trunc(float)) : otherwise;
  }
  if (!isNumeric(value)) return otherwise;
  const number = toNumber(value);
  if (typeof number === 'bigint') return number;
  if (!Number.isFinite(number))
    return Number.isNaN(number) ? otherwise : fail('cannot convert float infinity to integer');
  return BigInt(Math.trunc(number));
}

function toFloat(value: Value, { default: otherwise = 0 }: Given): Value {
  mustBeThere(value);
  const text = textIfAny(value);
  if (text !== null) return parseFloatText(text) ?? otherwise;
  return isNumeric(value) ? Number(toNumber(value)) : otherwise;
}

function round(value: Value, { precision = 0n, method = 'common' }: Given): Value {
  mustBeThere(value);
  if (!isNumeric(value)) return fail(`|round needs a number, not ${typeName(value)}`);
  const [number, digits] = [toNumber(value), toSmallInt(precision, 'precision')];
  if (method === 'common') {
    if (typeof number === 'number') return roundFloat(number, digits);
    if (digits >= 0) return number;
    return BigInt(roundFloat(Number(number), digits));
  }
  if (method !== 'ceil' && method !== 'floor')
    return fail("|round's method is common, ceil or floor");
  const scale = 10 ** digits;
  return Math[method](Number(number) * scale) / scale;
}

function indent(value: Value, { width = 4n, first = false, blank = false }: Given): Value {
  if (value instanceof Markup)
    return fail('|indent of text from |escape or |safe is not supported');
  const space =
    typeof width === 'string' ? width : ' '.repeat(Math.max(0, toSmallInt(width, 'the width')));
  if (typeof value !== 'string') {
    mustBeThere(value);
    return fail(`|indent needs a str, not ${typeName(value)}; use |string`);
  }
  const text = `${value}\n`;
  const lines = splitLinesOf(text);
  const rest = isTrue(blank)
    ? lines.slice(1).map((line) => `\n${space}${line}`)
    : lines.slice(1).map((line) => (line === '' ? '\n' : `\n${space}${line}`));
  const written = (lines[0] ?? '') + rest.join('');
  return isTrue(first) ? space + written : written;
}

function splitLinesOf(text: string): string[] {
  const method = methodOf(text, 'splitlines') as Callable;
  return method.call([], new Map()) as string[];
}

function truncate(
  value: Value,
  { length = 255n, killwords = false, end = '...', leeway = 5n }: Given,
): Value {
  const [most, mark] = [toSmallInt(length, 'the length'), textOf(end)];
  const markLength = charactersOf(mark).length;
  if (most < markLength) return fail(`expected length >= ${markLength}, got ${most}`);
  const slack = leeway === null ? 5 : toSmallInt(leeway, 'the leeway');
  if (slack < 0) return fail(`expected leeway >= 0, got ${slack}`);
  // Lists and dicts have lengths too, and stay as they are when these are small.
  if (lengthOf(value) <= most + slack) return value;
  const text = textIfAny(value);
  if (text === null) return fail(`|truncate cannot cut what is a ${typeName(value)}; use |string`);
  const cut = charactersOf(text)
    .slice(0, most - markLength)
    .join('');
  const space = isTrue(killwords) ? -1 : cut.lastIndexOf(' ');
  const shortened = space < 0 ? cut : cut.slice(0, space);
  return value instanceof Markup
    ? new Markup(shortened + textOf(escapeHtml(end)))
    : shortened + mark;
}

function fileSize(value: Value, { binary = false }: Given): string {
  const bytes = toFloat(value, { default: null });
  if (typeof bytes !== 'number')
    return fail(`|filesizeformat needs a number, not ${typeName(value)}`);
  const base = isTrue(binary) ? 1024 : 1000;
  const units = isTrue(binary)
    ? ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB']
    : ['kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
  if (bytes === 1) return '1 Byte';
  if (bytes === -Infinity) return fail('cannot convert float infinity to integer');
  if (bytes < base) return `${BigInt(Math.trunc(bytes))} Bytes`;
  let unit = base;
  for (const name of units) {
    unit *= base;
    if (bytes < unit || name === units.at(-1))
      return `${formatPercent('%.1f', (base * bytes) / unit)} ${name}`;
  }
  return fail('no such size');
}

function urlEncoded(text: string, inQuery: boolean): string {
  const quoted = encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return inQuery ? quoted.replaceAll('%20', '+') : quoted.replaceAll('%2F', '/');
}

function urlEncode(value: Value): string {
  const entries =
    value instanceof Dict ? Array.from(value.entries(), (entry) => new Tuple(entry)) : null;
  const items = entries ?? (textIfAny(value) === null ? iterableIfAny(value) : null);
  if (items === null) return urlEncoded(textOf(value), false);
  return Array.from(items, (pair) => {
    const parts = [...iterate(pair)];
    if (parts.length !== 2) return fail(`|urlencode needs pairs, not ${parts.length} at once`);
    return parts.map((part) => urlEncoded(textOf(part), true)).join('=');
  }).join('&');
}

function escapeHtml(value: Value): Markup {
  if (value instanceof Markup) return value;
  const text = textOf(value)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll("'", '&#39;')
    .replaceAll('"', '&#34;');
  return new Markup(text);
}

function jsonStyle({
  ensure_ascii = false,
  indent: by = null,
  separators = null,
  sort_keys = false,
}: Given): JsonStyle {
  const space =
    by === null
      ? null
      : typeof by === 'string'
        ? by
        : ' '.repeat(Math.max(0, toSmallInt(by, 'indent')));
  const given = separators === null ? null : Array.from(iterate(separators), textOf);
  if (given && given.length !== 2) return fail('separators must be two texts');
  return {
    indent: space,
    separators: (given as [string, string] | null) ?? [space === null ? ', ' : ',', ': '],
    ensureAscii: isTrue(ensure_ascii),
    sortKeys: isTrue(sort_keys),
  };
}

function titled(value: Value): string {
  return textOf(value)
    .split(/([-\s({[<]+)/)
    .map((word) => {
      const [first = '', ...rest] = charactersOf(word);
      return first.toUpperCase() + rest.join('').toLowerCase();
    })
    .join('');
}

function last(value: Value): Value {
  if (value instanceof Lazy)
    return fail(`'generator' object is not reversible; make it a list first, with |list`);
  const items = [...iterate(value)];
  return items.length > 0 ? items.at(-1)! : new Undefined('No last item, sequence was empty.');
}

function reverse(value: Value): Value {
  if (typeof value === 'string') return charactersOf(value).reverse().join('');
  return new Lazy('reverse', [...iterate(value)].reverse());
}

function sum(value: Value, { attribute, start = 0n }: Given): Value {
  const pick = picker(attribute);
  if (textIfAny(start) !== null) return fail("sum() can't sum strings");
  let total = start;
  for (const item of iterate(value)) total = arithmetic('+', total, pick(item));
  return total;
}

function sort(value: Value, { reverse: isReverse, case_sensitive, attribute }: Given): Value {
  const fold = caseless(case_sensitive);
  const names = typeof attribute === 'string' ? attribute.split(',') : [attribute];
  const picks = names.map((name) => picker(name));
  const key = (item: Value) => picks.map((pick) => fold(pick(item)));
  return sorted([...iterate(value)], key, isReverse);
}

function dictSort(value: Value, { case_sensitive, by = 'key', reverse: isReverse }: Given): Value {
  if (!(value instanceof Dict)) return fail(`|dictsort needs a dict, not ${typeName(value)}`);
  if (by !== 'key' && by !== 'value') return fail("|dictsort sorts by 'key' or 'value'");
  const fold = caseless(case_sensitive);
  const entries = [...value.entries()].map((entry) => new Tuple(entry));
  return sorted(entries, ({ items }) => fold(items[by === 'key' ? 0 : 1]!), isReverse);
}

function absolute(value: Value): Value {
  mustBeThere(value);
  if (!isNumeric(value)) return fail(`bad operand type for abs(): '${typeName(value)}'`);
  const number = toNumber(value);
  return number < 0 ? -number : typeof number === 'number' ? Math.abs(number) : number;
}

function replaceText(value: Value, given: Given): Value {
  const method = methodOf(textOf(value), 'replace') as Callable;
  const count = has(given.count) ? [given.count] : [];
  return method.call([textOf(given.old!), textOf(given.new!), ...count], new Map());
}

function itemsOf(value: Value): Value {
  if (value instanceof Undefined) return new Lazy('items', []);
  if (!(value instanceof Dict)) return fail('Can only get item pairs from a mapping.');
  return new Lazy(
    'items',
    Array.from(value.entries(), (entry) => new Tuple(entry)),
  );
}

function trim(value: Value, { chars = null }: Given): Value {
  const method = methodOf(textOf(value), 'strip') as Callable;
  return method.call([chars], new Map());
}

const unsupported =
  (name: string): Filter =>
  () =>
    fail(`the filter |${name} is not supported`);

/** Filters by name: their parameters after the value, and what they do. */
const filters: Readonly<
  Record<FilterName, readonly [parameters: readonly string[], filter: Filter]>
> = {
  abs: [[], absolute],
  attr: [
    ['name'],
    (value, { name }) => {
      const text = textGiven(name, 'the name') ?? '';
      mustBeThere(value);
      const own = ownAttribute(value, text);
      return own === undefined
        ? new Undefined(`'${typeName(value)} object' has no attribute '${text}'`)
        : own;
    },
  ],
  batch: [
    ['linecount', 'fill_with?'],
    (value, { linecount, fill_with }) =>
      new Lazy('batch', batches(iterate(value), toSmallInt(linecount!, 'linecount'), fill_with)),
  ],
  capitalize: [[], (value) => capitalize(textOf(value))],
  center: [['width?'], (value, { width = 80n }) => center(textOf(value), width)],
  count: [[], (value) => BigInt(lengthOf(value))],
  d: [['default_value?', 'boolean?'], otherwise],
  default: [['default_value?', 'boolean?'], otherwise],
  dictsort: [['case_sensitive?', 'by?', 'reverse?'], dictSort],
  e: [[], escapeHtml],
  escape: [[], escapeHtml],
  filesizeformat: [['binary?'], fileSize],
  first: [
    [],
    (value) => {
      const { done, value: item } = iterate(value)[Symbol.iterator]().next();
      return done ? new Undefined('No first item, sequence was empty.') : item;
    },
  ],
  float: [['default?'], toFloat],
  forceescape: [[], (value) => escapeHtml(textOf(value))],
  groupby: [['attribute', 'default?', 'case_sensitive?'], groupBy],
  indent: [['width?', 'first?', 'blank?'], indent],
  int: [['default?', 'base?'], toInteger],
  items: [[], itemsOf],
  join: [
    ['d?', 'attribute?'],
    (value, { d = '', attribute }) =>
      Array.from(iterate(value), (item) => textOf(picker(attribute)(item))).join(textOf(d)),
  ],
  last: [[], last],
  length: [[], (value) => BigInt(lengthOf(value))],
  list: [[], (value) => [...iterate(value)]],
  lower: [[], (value) => textOf(value).toLowerCase()],
  max: [['case_sensitive?', 'attribute?'], extreme('max')],
  min: [['case_sensitive?', 'attribute?'], extreme('min')],
  pprint: [['verbose?'], unsupported('pprint')],
  random: [[], unsupported('random')],
  replace: [['old', 'new', 'count?'], replaceText],
  reverse: [[], reverse],
  round: [['precision?', 'method?'], round],
  safe: [[], (value) => new Markup(textOf(value))],
  slice: [
    ['slices', 'fill_with?'],
    (value, { slices: count, fill_with }) =>
      new Lazy('slice', slices([...iterate(value)], toSmallInt(count!, 'slices'), fill_with)),
  ],
  sort: [['reverse?', 'case_sensitive?', 'attribute?'], sort],
  string: [[], (value) => (value instanceof Markup ? value : textOf(value))],
  striptags: [[], unsupported('striptags')],
  sum: [['attribute?', 'start?'], sum],
  title: [[], titled],
  tojson: [
    ['ensure_ascii?', 'indent?', 'separators?', 'sort_keys?'],
    (value, given) => jsonText(value, jsonStyle(given)),
  ],
  trim: [['chars?'], trim],
  truncate: [['length?', 'killwords?', 'end?', 'leeway?'], truncate],
  unique: [
    ['case_sensitive?', 'attribute?'],
    (value, given) => new Lazy('unique', unique(value, given)),
  ],
  upper: [[], (value) => textOf(value).toUpperCase()],
  urlencode: [[], urlEncode],
  urlize: [
    ['trim_url_limit?', 'nofollow?', 'target?', 'rel?', 'extra_schemes?'],
    unsupported('urlize'),
  ],
  wordcount: [
    [],
    (value) => BigInt((textOf(value).match(/[\p{L}\p{N}_\p{Mn}\p{Mc}]+/gu) ?? []).length),
  ],
  wordwrap: [
    ['width?', 'break_long_words?', 'wrapstring?', 'break_on_hyphens?'],
    unsupported('wordwrap'),
  ],
  xmlattr: [['autospace?'], unsupported('xmlattr')],
};

function otherwise(value: Value, { default_value = '', boolean = false }: Given): Value {
  const isMissing = value instanceof Undefined || (isTrue(boolean) && !isTrue(value));
  return isMissing ? default_value : value;
}

/** Filters that take any arguments. */
const open: Readonly<
  Record<OpenFilterName, (value: Value, args: readonly Value[], named: Named) => Value>
> = {
  format: (value, args, named) => {
    if (named.size > 0 && args.length > 0)
      return fail("|format can't take positional and keyword arguments at once");
    return formatPercent(textOf(value), named.size > 0 ? Dict.from(named) : new Tuple(args));
  },
  map: (value, args, named) => new Lazy('map', mapped(value, args, named)),
  select: (value, args, named) => new Lazy('select', selected(value, args, named, false, true)),
  reject: (value, args, named) => new Lazy('reject', selected(value, args, named, false, false)),
  selectattr: (value, args, named) =>
    new Lazy('selectattr', selected(value, args, named, true, true)),
  rejectattr: (value, args, named) =>
    new Lazy('rejectattr', selected(value, args, named, true, false)),
};

function* mapped(value: Value, args: readonly Value[], named: Named): Generator<Value> {
  if (!isTrue(value)) return; // none and 0 too, as in Jinja2
  let change: (item: Value) => Value;
  if (args.length === 0 && named.has('attribute')) {
    const extra = [...named.keys()].find((name) => name !== 'attribute' && name !== 'default');
    if (extra) fail(`|map got an unexpected keyword argument '${extra}'`);
    change = picker(named.get('attribute'), named.get('default'));
  } else {
    const [name, ...rest] = args;
    if (typeof name !== 'string') return fail('|map requires a filter argument');
    change = (item) => runFilter(name, item, rest, named);
  }
  for (const item of iterate(value)) yield change(item);
}

function* selected(
  value: Value,
  args: readonly Value[],
  named: Named,
  byAttribute: boolean,
  wanted: boolean,
): Generator<Value> {
  if (!isTrue(value)) return; // none and 0 too, as in Jinja2
  if (byAttribute && args.length === 0) fail('Missing parameter for attribute name');
  const pick = byAttribute ? picker(args[0]) : picker(undefined);
  const [test, ...rest] = byAttribute ? args.slice(1) : args;
  const holds =
    test === undefined
      ? isTrue
      : typeof test === 'string'
        ? (item: Value) => runTest(test, item, rest, named)
        : fail('the name of a test must be a str');
  for (const item of iterate(value)) if (holds(pick(item)) === wanted) yield item;
}

/**
 * `value | name(args)`.
 *
 * @throws {TemplateError} when there is no such filter, or it cannot take the value
 */
export function runFilter(name: string, value: Value, args: readonly Value[], named: Named): Value {
  if (Object.hasOwn(open, name)) return open[name as OpenFilterName](value, args, named);
  if (!isFilter(name)) return fail(`there is no filter named '${name}'`);
  const [parameters, filter] = filters[name as FilterName];
  return filter(value, sortArguments(`|${name}`, parameters, args, named));
}
