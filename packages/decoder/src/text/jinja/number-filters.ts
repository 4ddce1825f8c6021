import type { Given } from './arguments.js';
import { formatPercent } from './format-text.js';
import { roundFloat } from './round-float.js';
import { fail } from './template-error.js';
import {
  isNumeric,
  isTrue,
  mustBeThere,
  textIfAny,
  toNumber,
  toSmallInt,
  typeName,
  type Value,
} from './values.js';
import { isSpace } from './white-space.js';

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

export function toInteger(value: Value, { default: otherwise = 0n, base = 10n }: Given): Value {
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

export function toFloat(value: Value, { default: otherwise = 0 }: Given): Value {
  mustBeThere(value);
  const text = textIfAny(value);
  if (text !== null) return parseFloatText(text) ?? otherwise;
  return isNumeric(value) ? Number(toNumber(value)) : otherwise;
}

export function round(value: Value, { precision = 0n, method = 'common' }: Given): Value {
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

export function fileSize(value: Value, { binary = false }: Given): string {
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

export function absolute(value: Value): Value {
  mustBeThere(value);
  if (!isNumeric(value)) return fail(`bad operand type for abs(): '${typeName(value)}'`);
  const number = toNumber(value);
  return number < 0 ? -number : typeof number === 'number' ? Math.abs(number) : number;
}
