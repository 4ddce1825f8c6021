import type { Given } from './arguments.js';
import { has } from './list-filters.js';
import { methodOf } from './methods.js';
import { fail } from './template-error.js';
import { textOf } from './text-of.js';
import {
  type Callable,
  charactersOf,
  Dict,
  isTrue,
  iterableIfAny,
  iterate,
  lengthOf,
  Markup,
  mustBeThere,
  Tuple,
  textIfAny,
  toSmallInt,
  typeName,
  type Value,
} from './values.js';

export function indent(value: Value, { width = 4n, first = false, blank = false }: Given): Value {
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

export function truncate(
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

function urlEncoded(text: string, inQuery: boolean): string {
  const quoted = encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return inQuery ? quoted.replaceAll('%20', '+') : quoted.replaceAll('%2F', '/');
}

export function urlEncode(value: Value): string {
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

export function escapeHtml(value: Value): Markup {
  if (value instanceof Markup) return value;
  const text = textOf(value)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll("'", '&#39;')
    .replaceAll('"', '&#34;');
  return new Markup(text);
}

export function titled(value: Value): string {
  return textOf(value)
    .split(/([-\s({[<]+)/)
    .map((word) => {
      const [first = '', ...rest] = charactersOf(word);
      return first.toUpperCase() + rest.join('').toLowerCase();
    })
    .join('');
}

export function replaceText(value: Value, given: Given): Value {
  const method = methodOf(textOf(value), 'replace') as Callable;
  const count = has(given.count) ? [given.count] : [];
  return method.call([textOf(given.old!), textOf(given.new!), ...count], new Map());
}

export function trim(value: Value, { chars = null }: Given): Value {
  const method = methodOf(textOf(value), 'strip') as Callable;
  return method.call([chars], new Map());
}
