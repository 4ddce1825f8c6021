import { exponentialDigits, fixedDigits } from './round-float.js';
import { fail } from './template-error.js';
import { floatText, reprOf, textOf } from './text-of.js';
import {
  charactersOf,
  Dict,
  isNumeric,
  type Named,
  Tuple,
  toNumber,
  typeName,
  type Value,
} from './values.js';

interface Width {
  readonly width: number;
  readonly precision: number | null;
}

/** `'…%s…' % values`. */
export function formatPercent(format: string, values: Value): string {
  const given = values instanceof Tuple ? values.items : [values];
  let next = 0;
  const take = () => {
    if (next >= given.length) fail('not enough arguments for format string');
    return given[next++]!;
  };
  const pattern =
    /%(?:\((?<key>[^)]*)\))?(?<flags>[-+ 0#]*)(?<width>\*|\d+)?(?:\.(?<precision>\*|\d*))?(?<kind>.|$)/gsu;
  const text = format.replace(pattern, (...parts) => {
    const groups = parts.at(-1) as Record<string, string | undefined>;
    const { key, flags = '', kind = '' } = groups;
    if (kind === '%') {
      return parts[0] === '%%' ? '%' : fail("unsupported format character '%'");
    }
    if (kind === '') fail('incomplete format');
    const number = (part: string | undefined) =>
      part === '*' ? Number(numberIn(take(), '*')) : Number(part || 0);
    const width = number(groups.width);
    const precision = groups.precision === undefined ? null : number(groups.precision);
    const value = key === undefined ? take() : keyed(values, key);
    return formatOne(kind, flags, { width, precision }, value);
  });
  const isMapping = values instanceof Dict;
  if (next < given.length && !isMapping)
    fail('not all arguments converted during string formatting');
  return text;
}

function keyed(values: Value, key: string): Value {
  if (!(values instanceof Dict)) return fail('format requires a mapping');
  const value = values.get(key);
  return value === undefined ? fail(`there is no '${key}' to format`) : value;
}

function numberIn(value: Value, kind: string): bigint | number {
  return isNumeric(value)
    ? toNumber(value)
    : fail(`%${kind} format: a number is required, not ${typeName(value)}`);
}

function formatOne(kind: string, flags: string, { width, precision }: Width, value: Value): string {
  const left = flags.includes('-');
  if (kind === 's' || kind === 'r') {
    const text = charactersOf(kind === 's' ? textOf(value) : reprOf(value));
    return pad(text.slice(0, precision ?? text.length).join(''), width, left ? '<' : '>', ' ');
  }
  const sign = flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  const digits = numberText(kind, numberIn(value, kind), precision, sign, flags.includes('#'));
  return flags.includes('0') && !left
    ? pad(digits, width, '=', '0')
    : pad(digits, width, left ? '<' : '>', ' ');
}

/** A number with its sign, in one of the kinds that % and format share. */
function numberText(
  kind: string,
  value: bigint | number,
  precision: number | null,
  sign: string,
  isAlternate: boolean,
): string {
  const isNegative = value < 0 || Object.is(value, -0);
  const signed = (digits: string) => (isNegative ? `-${digits}` : sign + digits);
  const size = value < 0 ? -value : value;
  switch (kind) {
    case 'd':
    case 'i':
    case 'u': {
      if (typeof size === 'number' && !Number.isFinite(size))
        fail('cannot convert float to integer');
      const whole = typeof size === 'bigint' ? size : BigInt(Math.trunc(size));
      return (value < 0 && whole !== 0n ? '-' : sign) + String(whole).padStart(precision ?? 0, '0');
    }
    case 'x':
    case 'X':
    case 'o': {
      if (typeof size === 'number')
        return fail(`%${kind} format: an integer is required, not float`);
      const prefix = isAlternate ? (kind === 'o' ? '0o' : '0x') : '';
      const digits = prefix + size.toString(kind === 'o' ? 8 : 16).padStart(precision ?? 0, '0');
      return signed(kind === 'X' ? digits.toUpperCase() : digits);
    }
    case 'f':
    case 'F':
    case 'e':
    case 'E':
    case 'g':
    case 'G':
    case '%':
      return signed(floatDigits(kind, Math.abs(Number(value)), precision ?? 6, isAlternate));
    default:
      return fail(`unsupported format character '${kind}'`);
  }
}

function floatDigits(kind: string, value: number, precision: number, isAlternate: boolean): string {
  const upper = kind === 'F' || kind === 'E' || kind === 'G';
  const cased = (text: string) => (upper ? text.toUpperCase() : text);
  if (!Number.isFinite(value)) return cased(floatText(value)) + (kind === '%' ? '%' : '');
  if (precision > 100) fail('a precision above 100 is not supported');
  if (kind === '%') return `${fixed(value * 100, precision)}%`;
  if (kind === 'f' || kind === 'F') return fixed(value, precision);
  const exponential = (digits: number) =>
    exponentialDigits(value, digits).replace(/e([+-])(\d)$/, 'e$10$2');
  if (kind === 'e' || kind === 'E') return cased(exponential(precision));
  const significant = Math.max(1, precision);
  const power = Number(exponentialDigits(value, significant - 1).split('e')[1]);
  const trim = (text: string) =>
    isAlternate || !text.includes('.') ? text : text.replace(/\.?0+$/, '');
  if (value !== 0 && (power < -4 || power >= significant)) {
    const [digits, exponent] = exponential(significant - 1).split('e') as [string, string];
    return cased(`${trim(digits)}e${exponent}`);
  }
  return trim(fixed(value, significant - 1 - (value === 0 ? 0 : power)));
}

/** Rounds the exact binary value, as Python does, also from 1e21 on, where `toFixed` does not. */
function fixed(value: number, precision: number): string {
  if (value < 1e21) return fixedDigits(value, precision);
  const whole = BigInt(value).toString();
  return precision > 0 ? `${whole}.${'0'.repeat(precision)}` : whole;
}

function pad(text: string, width: number, align: string, fill: string): string {
  const missing = width - charactersOf(text).length;
  if (missing <= 0) return text;
  if (missing > 1_000_000) fail('a width above a million is not supported');
  if (align === '<') return text + fill.repeat(missing);
  if (align === '^') {
    const before = Math.floor(missing / 2);
    return fill.repeat(before) + text + fill.repeat(missing - before);
  }
  if (align === '>') return fill.repeat(missing) + text;
  const sign = /^[-+ ]?/.exec(text)![0];
  return sign + fill.repeat(missing) + text.slice(sign.length);
}

/** Looks up what stands in the braces of a format; that of `foo[0].bar`. */
export type FieldAccess = (value: Value, name: string, isItem: boolean) => Value;

/** `'…{}…'.format(…)`. */
export function formatBraces(
  format: string,
  args: readonly Value[],
  named: Named,
  access: FieldAccess,
): string {
  let automatic = 0;
  const field = (source: string): string => {
    const [, name = '', conversion, spec = ''] =
      /^([^!:]*)(?:!([^:]*))?(?::(.*))?$/s.exec(source) ?? fail(`bad field {${source}}`);
    const [, first = '', path = ''] = /^([^.[]*)(.*)$/s.exec(name)!;
    let value: Value | undefined;
    if (first === '') value = args[automatic++];
    else if (/^\d+$/.test(first)) value = args[Number(first)];
    else value = named.get(first);
    if (value === undefined) return fail(`there is nothing for {${source}}`);
    for (const [, attribute, item] of path.matchAll(/\.([^.[]+)|\[([^\]]+)\]/g)) {
      value = access(value, attribute ?? item!, attribute === undefined);
    }
    if (conversion === 'r') value = reprOf(value);
    else if (conversion === 's') value = textOf(value);
    else if (conversion !== undefined) fail(`unknown conversion !${conversion}`);
    const inner = spec.replace(/\{([^{}]*)\}/g, (_, nested: string) => field(nested));
    return formatSpec(value, inner);
  };
  return expand(format, field);
}

function expand(format: string, field: (source: string) => string): string {
  let text = '';
  for (let i = 0; i < format.length; ) {
    const unit = format[i]!;
    if ((unit === '{' || unit === '}') && format[i + 1] === unit) {
      text += unit;
      i += 2;
    } else if (unit === '}') {
      return fail("single '}' encountered in format string");
    } else if (unit === '{') {
      let depth = 1;
      let end = i + 1;
      for (; end < format.length && depth > 0; end++) {
        depth += format[end] === '{' ? 1 : format[end] === '}' ? -1 : 0;
      }
      if (depth > 0) return fail("expected '}' before end of string");
      text += field(format.slice(i + 1, end - 1));
      i = end;
    } else {
      text += unit;
      i++;
    }
  }
  return text;
}

/** `format(value, spec)`. */
function formatSpec(value: Value, spec: string): string {
  if (spec === '') return textOf(value);
  const match =
    /^(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/su.exec(spec) ??
    fail(`the format '${spec}' is not supported`);
  const [, fill, align, sign = '', alternate, zero, width = '0', group, precision, kind] = match;
  const filled = fill ?? (zero ? '0' : ' ');
  if (!isNumeric(value) || (typeof value === 'boolean' && kind === undefined)) {
    if (typeof value !== 'string' && typeof value !== 'boolean') {
      return fail(`a format is not supported for ${typeName(value)}`);
    }
    if ((kind !== undefined && kind !== 's') || sign !== '' || group || align === '=') {
      return fail(`the format '${spec}' is not supported for ${typeName(value)}`);
    }
    if (typeof value === 'boolean')
      return fail('a format of a bool without a kind is not supported');
    const text = charactersOf(value);
    const cut = text.slice(0, precision === undefined ? text.length : Number(precision)).join('');
    return pad(cut, Number(width), align ?? '<', filled);
  }
  const number = toNumber(value);
  const isInt = typeof number === 'bigint';
  if (kind === undefined && !isInt && precision === undefined) {
    const text = floatText(number);
    const plus = text.startsWith('-') || sign === '-' ? '' : sign;
    return pad(grouped(plus + text, group), Number(width), align ?? (zero ? '=' : '>'), filled);
  }
  const chosen = kind ?? (isInt ? 'd' : 'g');
  if (kind === undefined && !isInt) return fail(`the format '${spec}' is not supported for floats`);
  if (
    (isInt && precision !== undefined && 'dxXobn'.includes(chosen)) ||
    (group && 'xXob'.includes(chosen)) ||
    chosen === 'c' ||
    chosen === 'n'
  ) {
    return fail(`the format '${spec}' is not supported`);
  }
  if (chosen === 's' || (!isInt && 'dxXob'.includes(chosen))) {
    return fail(`unknown format code '${chosen}' for ${typeName(value)}`);
  }
  if (group && zero && align === undefined) return fail(`the format '${spec}' is not supported`);
  const digits =
    chosen === 'b'
      ? binary(number as bigint, sign, alternate !== undefined)
      : numberText(
          chosen,
          number,
          precision === undefined ? null : Number(precision),
          sign === '-' ? '' : sign,
          alternate !== undefined,
        );
  return pad(grouped(digits, group), Number(width), align ?? (zero ? '=' : '>'), filled);
}

function binary(value: bigint, sign: string, isAlternate: boolean): string {
  const digits = (isAlternate ? '0b' : '') + (value < 0n ? -value : value).toString(2);
  return value < 0n ? `-${digits}` : (sign === '-' ? '' : sign) + digits;
}

function grouped(text: string, separator: string | undefined): string {
  if (!separator) return text;
  const [, sign, whole, rest] = /^([-+ ]?)(\d+)(.*)$/.exec(text) ?? fail('cannot be grouped');
  return sign + whole!.replace(/\B(?=(\d{3})+$)/g, separator) + rest;
}
