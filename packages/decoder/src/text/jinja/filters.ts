import { type Given, sortArguments, textGiven } from './arguments.js';
import { ownAttribute } from './attributes.js';
import type { Filter } from './filter.js';
import { type FilterName, isFilter, type OpenFilterName } from './filter-names.js';
import { formatPercent } from './format-text.js';
import { type JsonStyle, jsonText } from './json-text.js';
import {
  batches,
  dictSort,
  extreme,
  groupBy,
  itemsOf,
  last,
  picker,
  reverse,
  slices,
  sort,
  sum,
  unique,
} from './list-filters.js';
import { absolute, fileSize, round, toFloat, toInteger } from './number-filters.js';
import { fail } from './template-error.js';
import { runTest } from './tests.js';
import {
  escapeHtml,
  indent,
  replaceText,
  titled,
  trim,
  truncate,
  urlEncode,
} from './text-filters.js';
import { capitalize, center } from './text-methods.js';
import { textOf } from './text-of.js';
import {
  Dict,
  isTrue,
  iterate,
  Lazy,
  lengthOf,
  Markup,
  mustBeThere,
  type Named,
  Tuple,
  toSmallInt,
  typeName,
  Undefined,
  type Value,
} from './values.js';

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

const unsupported =
  (name: string): Filter =>
  () =>
    fail(`the filter |${name} is not supported`);

/** Text that is marked as safe stays so: it is not escaped again. */
const keepingMarkup =
  (filter: Filter): Filter =>
  (value, given) =>
    value instanceof Markup ? new Markup(textOf(filter(value, given))) : filter(value, given);

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
  capitalize: [[], keepingMarkup((value) => capitalize(textOf(value)))],
  center: [['width?'], keepingMarkup((value, { width = 80n }) => center(textOf(value), width))],
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
  lower: [[], keepingMarkup((value) => textOf(value).toLowerCase())],
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
  trim: [['chars?'], keepingMarkup(trim)],
  truncate: [['length?', 'killwords?', 'end?', 'leeway?'], truncate],
  unique: [
    ['case_sensitive?', 'attribute?'],
    (value, given) => new Lazy('unique', unique(value, given)),
  ],
  upper: [[], keepingMarkup((value) => textOf(value).toUpperCase())],
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
    if (value instanceof Markup)
      return fail('|format of text from |escape or |safe is not supported');
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
