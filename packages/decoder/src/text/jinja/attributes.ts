import { formatBraces } from './format-text.js';
import { methodOf } from './methods.js';
import { itemAt } from './operators.js';
import { fail } from './template-error.js';
import { reprOf } from './text-of.js';
import {
  Callable,
  Dict,
  Facade,
  mustBeThere,
  Namespace,
  typeName,
  Undefined,
  type Value,
} from './values.js';

/** An attribute in Python's sense, without looking for an item of that name. */
export function ownAttribute(value: Value, name: string): Value | undefined {
  if (name.startsWith('__')) {
    const problem = `the attribute '${name}' is unsafe, as in the sandbox of transformers`;
    // Which names of this kind Python's dicts have themselves is not known here.
    return value instanceof Dict && value.has(name) ? fail(problem) : new Undefined(problem);
  }
  if (value instanceof Namespace) return value.attributes.get(name);
  if (value instanceof Facade) return value.attribute(name);
  if (value instanceof Callable) return value.attributes.get(name);
  if (typeof value === 'string' && (name === 'format' || name === 'format_map')) {
    return formatMethod(value, name);
  }
  return methodOf(value, name);
}

/** `str.format` looks up attributes and items itself. */
function formatMethod(format: string, name: string): Callable {
  const access = (value: Value, key: string, isItem: boolean): Value =>
    isItem
      ? itemOrAttribute(value, /^\d+$/.test(key) ? BigInt(key) : key)
      : attributeOf(value, key);
  return new Callable(`str.${name}`, (args, named) => {
    if (name === 'format') return formatBraces(format, args, named, access);
    const [mapping] = args;
    if (!(mapping instanceof Dict)) return fail('format_map needs a dict');
    const entries = Array.from(mapping.entries(), ([key, value]) => [String(key), value] as const);
    return formatBraces(format, [], new Map(entries), access);
  });
}

function missing(value: Value, name: Value): Undefined {
  return new Undefined(`'${typeName(value)} object' has no attribute ${nameText(name)}`);
}

function nameText(name: Value): string {
  return typeof name === 'string' || typeof name === 'bigint'
    ? reprOf(name)
    : `of type ${typeName(name)}`;
}

/** `value.name`: an attribute, else an item; undefined where there is neither. */
export function attributeOf(value: Value, name: string): Value {
  mustBeThere(value);
  const own = ownAttribute(value, name);
  if (own !== undefined) return own;
  const item = itemAt(value, name);
  return item === undefined ? missing(value, name) : item;
}

/** `value[index]`: an item, else an attribute; undefined where there is neither. */
export function itemOrAttribute(value: Value, index: Value): Value {
  mustBeThere(value);
  const item = itemAt(value, index);
  if (item !== undefined) return item;
  const own = typeof index === 'string' ? ownAttribute(value, index) : undefined;
  return own === undefined ? missing(value, index) : own;
}
