import type { Given } from './arguments.js';
import { fail } from './template-error.js';
import { isPrintable } from './text-of.js';
import {
  charactersOf,
  isTrue,
  iterate,
  mustBeThere,
  Tuple,
  textIfAny,
  toSmallInt,
  typeName,
  type Value,
} from './values.js';
import { isSpace, spaceRun, trimEnd, trimStart } from './white-space.js';

export type Method<Self> = readonly [
  parameters: readonly string[],
  call: (self: Self, given: Given) => Value,
];

function text(value: Value | undefined, what: string): string {
  if (value === undefined) return fail(`${what} is missing`);
  mustBeThere(value);
  return textIfAny(value) ?? fail(`${what} must be str, not ${typeName(value)}`);
}

const isPresent = (value: Value | undefined): value is Value =>
  value !== undefined && value !== null;

/** Part of a text between two places, as the optional `start` and `end` of find, count and others name it. */
function within(self: string, { start, end }: Given): { characters: string[]; offset: number } {
  const characters = charactersOf(self);
  const place = (value: Value | undefined, otherwise: number) => {
    if (!isPresent(value)) return otherwise;
    const at = toSmallInt(value, 'an index');
    return Math.max(0, at < 0 ? at + characters.length : at);
  };
  const from = place(start, 0);
  return { characters: characters.slice(from, place(end, characters.length)), offset: from };
}

function find(self: string, given: Given, isLast: boolean): number {
  const { characters, offset } = within(self, given);
  if (offset > charactersOf(self).length) return -1;
  const part = characters.join('');
  const wanted = text(given.sub, 'the text to find');
  const at = isLast ? part.lastIndexOf(wanted) : part.indexOf(wanted);
  return at < 0 ? -1 : offset + charactersOf(part.slice(0, at)).length;
}

function affix(self: string, given: Given, has: (part: string, affix: string) => boolean): boolean {
  const { characters } = within(self, given);
  const part = characters.join('');
  const { affix: wanted } = given;
  if (wanted instanceof Tuple) return wanted.items.some((one) => has(part, text(one, 'an affix')));
  return has(part, text(wanted, 'the affix'));
}

function strip(self: string, { chars }: Given, atStart: boolean, atEnd: boolean): string {
  if (!isPresent(chars)) {
    const rest = atStart ? trimStart(self) : self;
    return atEnd ? trimEnd(rest) : rest;
  }
  const set = new Set(charactersOf(text(chars, 'the characters to strip')));
  const characters = charactersOf(self);
  let from = 0;
  let to = characters.length;
  while (atStart && from < to && set.has(characters[from]!)) from++;
  while (atEnd && to > from && set.has(characters[to - 1]!)) to--;
  return characters.slice(from, to).join('');
}

function split(self: string, { sep, maxsplit }: Given, fromEnd: boolean): Value[] {
  const most = isPresent(maxsplit) ? toSmallInt(maxsplit, 'maxsplit') : -1;
  const limit = most < 0 ? Number.POSITIVE_INFINITY : most;
  if (!isPresent(sep)) return splitAtSpaces(self, limit, fromEnd);
  const separator = text(sep, 'the separator');
  if (separator === '') return fail('empty separator');
  const parts = self.split(separator);
  if (parts.length - 1 <= limit) return parts;
  return fromEnd
    ? [parts.slice(0, parts.length - limit).join(separator), ...parts.slice(parts.length - limit)]
    : [...parts.slice(0, limit), parts.slice(limit).join(separator)];
}

function splitAtSpaces(self: string, limit: number, fromEnd: boolean): string[] {
  const parts: string[] = [];
  let rest = fromEnd ? trimEnd(self) : trimStart(self);
  const take = (part: string) => (fromEnd ? parts.unshift(part) : parts.push(part));
  while (rest !== '') {
    const run = parts.length === limit ? null : fromEnd ? lastSpaces(rest) : spaceRun.exec(rest);
    if (run === null) {
      take(rest);
      break;
    }
    const [before, after] = [rest.slice(0, run.index), rest.slice(run.index + run[0].length)];
    take(fromEnd ? after : before);
    rest = fromEnd ? before : after;
  }
  return parts;
}

function lastSpaces(value: string): RegExpExecArray | null {
  const all = [...value.matchAll(new RegExp(spaceRun.source, 'g'))];
  return (all.at(-1) as RegExpExecArray | undefined) ?? null;
}

function partition(self: string, { sep }: Given, fromEnd: boolean): Tuple {
  const separator = text(sep, 'the separator');
  if (separator === '') return fail('empty separator');
  const at = fromEnd ? self.lastIndexOf(separator) : self.indexOf(separator);
  if (at < 0) return new Tuple(fromEnd ? ['', '', self] : [self, '', '']);
  return new Tuple([self.slice(0, at), separator, self.slice(at + separator.length)]);
}

function replace(self: string, given: Given): string {
  const [before, after] = [text(given.old, 'the old text'), text(given.new, 'the new text')];
  const most = isPresent(given.count) ? toSmallInt(given.count, 'count') : -1;
  if (most < 0) return replaceAll(self, before, after);
  let rest = self;
  let written = '';
  let left = most;
  for (; left > 0; left--) {
    if (before === '') {
      const [first] = charactersOf(rest);
      written += after;
      if (first === undefined) return written;
      written += first;
      rest = rest.slice(first.length);
      continue;
    }
    const at = rest.indexOf(before);
    if (at < 0) break;
    written += rest.slice(0, at) + after;
    rest = rest.slice(at + before.length);
  }
  return written + rest;
}

function replaceAll(self: string, before: string, after: string): string {
  if (before !== '') return self.split(before).join(after);
  return (
    after +
    charactersOf(self)
      .map((one) => one + after)
      .join('')
  );
}

/** Letters whose capital at the beginning of a word is not their capital elsewhere. */
const titleCase: Readonly<Record<string, string>> = {
  ...{ Ǆ: 'ǅ', ǅ: 'ǅ', ǆ: 'ǅ', Ǉ: 'ǈ', ǈ: 'ǈ', ǉ: 'ǈ' },
  ŉ: 'ʼN',
  ...{ Ǌ: 'ǋ', ǋ: 'ǋ', ǌ: 'ǋ', Ǳ: 'ǲ', ǲ: 'ǲ', ǳ: 'ǲ' },
};

function capital(character: string): string {
  if (titleCase[character]) return titleCase[character];
  if (/[\u10d0-\u10ff]/.test(character)) return character;
  const [first = '', ...rest] = charactersOf(character.toUpperCase());
  return first + rest.join('').toLowerCase();
}

/** Python's `str.capitalize`. */
export function capitalize(self: string): string {
  const [first = ''] = charactersOf(self);
  return capital(first) + self.slice(first.length).toLowerCase();
}

/** Python's `str.casefold` of one character. */
function folded(character: string): string {
  if (character === 'ß' || character === 'ẞ') return 'ss';
  if (character === 'ς') return 'σ';
  const lower = character.toLowerCase();
  if (/\p{Script=Cherokee}/u.test(character) || character.toUpperCase().toLowerCase() !== lower) {
    fail(`str.casefold of '${character}' is not supported`);
  }
  return lower;
}

const isUpper = (character: string) => /\p{Uppercase}/u.test(character);
const isLower = (character: string) => /\p{Lowercase}/u.test(character);
const isCased = (character: string) =>
  isUpper(character) || isLower(character) || /\p{Lt}/u.test(character);

function title(self: string): string {
  let afterLetter = false;
  let written = '';
  for (const character of self) {
    const isLetter = isCased(character);
    if (!isLetter) written += character;
    else written += afterLetter ? character.toLowerCase() : capital(character);
    afterLetter = isLetter;
  }
  return written;
}

function isTitle(self: string): boolean {
  let afterLetter = false;
  let hasLetter = false;
  for (const character of self) {
    if (isUpper(character) || /\p{Lt}/u.test(character)) {
      if (afterLetter) return false;
      afterLetter = true;
      hasLetter = true;
    } else if (isLower(character)) {
      if (!afterLetter) return false;
      hasLetter = true;
    } else afterLetter = false;
  }
  return hasLetter;
}

function allMatch(pattern: RegExp): Method<string> {
  return [[], (self) => self !== '' && charactersOf(self).every((one) => pattern.test(one))];
}

/** Characters that end a line for `splitlines`; `\r\n` counts once. */
const lineEnds = new Set('\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029');

function splitLines(self: string, keeps: boolean): string[] {
  const lines: string[] = [];
  let start = 0;
  for (let i = 0; i < self.length; i++) {
    if (!lineEnds.has(self[i]!)) continue;
    const end = i;
    if (self.startsWith('\r\n', i)) i++;
    lines.push(self.slice(start, keeps ? i + 1 : end));
    start = i + 1;
  }
  if (start < self.length) lines.push(self.slice(start));
  return lines;
}

function padded(self: string, given: Given, align: 'left' | 'right' | 'center'): string {
  const fill = given.fillchar === undefined ? ' ' : text(given.fillchar, 'the fill character');
  if (charactersOf(fill).length !== 1)
    fail('the fill character must be exactly one character long');
  const width = toSmallInt(given.width!, 'the width');
  const missing = Math.max(0, width - charactersOf(self).length);
  if (missing > 1_000_000) fail('a width above a million is not supported');
  // As CPython does: the odd one goes to the left where the width is odd too.
  const left =
    align === 'right'
      ? missing
      : align === 'left'
        ? 0
        : Math.floor(missing / 2) + (missing & width & 1);
  return fill.repeat(left) + self + fill.repeat(missing - left);
}

/** Python's `str.center`. */
export function center(self: string, width: Value): string {
  return padded(self, { width }, 'center');
}

function expandTabs(self: string, size: number): string {
  let column = 0;
  let written = '';
  for (const character of self) {
    if (character === '\t') {
      const count = size > 0 ? size - (column % size) : 0;
      written += ' '.repeat(count);
      column += count;
    } else {
      written += character;
      column = character === '\n' || character === '\r' ? 0 : column + 1;
    }
  }
  return written;
}

/** Joins texts. @throws {TemplateError} when one is none */
function joined(separator: string, values: Value): string {
  return Array.from(iterate(values), (item, i) => text(item, `item ${i} of join`)).join(separator);
}

function swapCase(self: string): string {
  return charactersOf(self)
    .map((one) => (isUpper(one) ? one.toLowerCase() : isLower(one) ? one.toUpperCase() : one))
    .join('');
}

function zeroFill(self: string, width: number): string {
  const missing = Math.min(1_000_000, Math.max(0, width - charactersOf(self).length));
  const sign = /^[-+]/.exec(self)?.[0] ?? '';
  return sign + '0'.repeat(missing) + self.slice(sign.length);
}

const span = ['sub', 'start?', 'end?'];
const affixSpan = ['affix', 'start?', 'end?'];
const notFound = (at: number) => (at < 0 ? fail('substring not found') : BigInt(at));

export const ofText: Readonly<Record<string, Method<string>>> = {
  capitalize: [[], capitalize],
  casefold: [[], (self) => charactersOf(self).map(folded).join('')],
  center: [['width', 'fillchar?'], (self, given) => padded(self, given, 'center')],
  count: [
    span,
    (self, given) => {
      const part = within(self, given).characters.join('');
      const wanted = text(given.sub, 'the text to count');
      return BigInt(wanted === '' ? charactersOf(part).length + 1 : part.split(wanted).length - 1);
    },
  ],
  endswith: [affixSpan, (self, given) => affix(self, given, (part, end) => part.endsWith(end))],
  expandtabs: [
    ['tabsize?'],
    (self, { tabsize = 8n }) => expandTabs(self, toSmallInt(tabsize, 'tabsize')),
  ],
  find: [span, (self, given) => BigInt(find(self, given, false))],
  index: [span, (self, given) => notFound(find(self, given, false))],
  isalnum: allMatch(/[\p{L}\p{Nd}\p{No}\p{Nl}]/u),
  isalpha: allMatch(/\p{L}/u),
  isascii: [[], (self) => charactersOf(self).every((one) => one < '\x80')],
  isdecimal: allMatch(/\p{Nd}/u),
  isdigit: allMatch(/[\p{Nd}²³¹⁰⁴-⁹₀-₉①-⑨⑴-⑼⒈-⒐⓪⓵-⓽⓿❶-❾➀-➈➊-➒]/u),
  isidentifier: [[], (self) => /^[\p{XID_Start}_]\p{XID_Continue}*$/u.test(self)],
  islower: [
    [],
    (self) =>
      charactersOf(self).some(isLower) &&
      !charactersOf(self).some((one) => isUpper(one) || /\p{Lt}/u.test(one)),
  ],
  isnumeric: [
    [],
    (self) => {
      if (/\p{Lo}/u.test(self))
        fail('str.isnumeric of letters that may be numbers is not supported');
      return /^\p{N}+$/u.test(self);
    },
  ],
  isprintable: [[], (self) => charactersOf(self).every(isPrintable)],
  isspace: [[], isSpace],
  istitle: [[], isTitle],
  isupper: [
    [],
    (self) =>
      charactersOf(self).some(isUpper) &&
      !charactersOf(self).some((one) => isLower(one) || /\p{Lt}/u.test(one)),
  ],
  join: [['iterable'], (self, { iterable }) => joined(self, iterable!)],
  ljust: [['width', 'fillchar?'], (self, given) => padded(self, given, 'left')],
  lower: [[], (self) => self.toLowerCase()],
  lstrip: [['chars?'], (self, given) => strip(self, given, true, false)],
  partition: [['sep'], (self, given) => partition(self, given, false)],
  removeprefix: [
    ['prefix'],
    (self, { prefix }) => {
      const start = text(prefix, 'the prefix');
      return self.startsWith(start) ? self.slice(start.length) : self;
    },
  ],
  removesuffix: [
    ['suffix'],
    (self, { suffix }) => {
      const end = text(suffix, 'the suffix');
      return self.endsWith(end) ? self.slice(0, self.length - end.length) : self;
    },
  ],
  replace: [['old', 'new', 'count?'], replace],
  rfind: [span, (self, given) => BigInt(find(self, given, true))],
  rindex: [span, (self, given) => notFound(find(self, given, true))],
  rjust: [['width', 'fillchar?'], (self, given) => padded(self, given, 'right')],
  rpartition: [['sep'], (self, given) => partition(self, given, true)],
  rsplit: [['sep?', 'maxsplit?'], (self, given) => split(self, given, true)],
  rstrip: [['chars?'], (self, given) => strip(self, given, false, true)],
  split: [['sep?', 'maxsplit?'], (self, given) => split(self, given, false)],
  splitlines: [['keepends?'], (self, { keepends = false }) => splitLines(self, isTrue(keepends))],
  startswith: [
    affixSpan,
    (self, given) => affix(self, given, (part, start) => part.startsWith(start)),
  ],
  strip: [['chars?'], (self, given) => strip(self, given, true, true)],
  swapcase: [[], swapCase],
  title: [[], title],
  upper: [[], (self) => self.toUpperCase()],
  zfill: [['width'], (self, { width }) => zeroFill(self, toSmallInt(width!, 'the width'))],
};

/** Methods of Python's types that take arguments by name; all others take them by place only. */
export const byName: ReadonlySet<string> = new Set([
  'str.split',
  'str.rsplit',
  'str.splitlines',
  'str.expandtabs',
]);
