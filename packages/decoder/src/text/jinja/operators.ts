import { formatPercent } from './format-text.js';
import { fail } from './template-error.js';
import {
  charactersOf,
  Dict,
  isNumeric,
  iterableIfAny,
  Lazy,
  Markup,
  mustBeThere,
  Range,
  Tuple,
  textIfAny,
  toIndex,
  toNumber,
  typeName,
  Undefined,
  type Value,
} from './values.js';

/** No text or list of a template is longer. */
const longest = 10_000_000;
/** Binary digits of the largest int. */
const mostBits = 100_000;

function unsupported(operator: string, left: Value, right: Value): never {
  return fail(
    `unsupported operand types for ${operator}: '${typeName(left)}' and '${typeName(right)}'`,
  );
}

/** `left operator right` for the arithmetic operators. */
export function arithmetic(operator: string, left: Value, right: Value): Value {
  mustBeThere(left);
  if (operator === '%' && textIfAny(left) !== null) {
    refuseMarkup(left, right);
    return formatPercent(left as string, right);
  }
  mustBeThere(right);
  if (isNumeric(left) && isNumeric(right)) {
    return calculate(operator, toNumber(left), toNumber(right));
  }
  if (operator === '+') return join(left, right);
  if (operator === '*') return repeat(left, right);
  return unsupported(operator, left, right);
}

function calculate(operator: string, left: bigint | number, right: bigint | number): Value {
  if (typeof left === 'bigint' && typeof right === 'bigint') return integer(operator, left, right);
  const [a, b] = [Number(left), Number(right)];
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b === 0 ? fail('float division by zero') : a / b;
    case '//':
      return b === 0 ? fail('float floor division by zero') : Math.floor(a / b);
    case '%':
      return b === 0 ? fail('float modulo') : floatModulo(a, b);
    default:
      return power(a, b);
  }
}

function integer(operator: string, left: bigint, right: bigint): Value {
  if (right === 0n && (operator === '/' || operator === '//' || operator === '%')) {
    return fail(operator === '/' ? 'division by zero' : 'integer division or modulo by zero');
  }
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return Number(left) / Number(right);
    case '//':
      return floorDivide(left, right);
    case '%':
      return left - floorDivide(left, right) * right;
    default:
      break;
  }
  if (right < 0n) return power(Number(left), Number(right));
  const bits = BigInt(left.toString(2).length) * right;
  if (bits > BigInt(mostBits)) return fail(`${left} ** ${right} is too large`);
  return left ** right;
}

function floorDivide(left: bigint, right: bigint): bigint {
  const quotient = left / right;
  return quotient * right !== left && left < 0n !== right < 0n ? quotient - 1n : quotient;
}

/** Has the sign of the divisor. */
function floatModulo(left: number, right: number): number {
  const rest = left % right;
  if (rest === 0) return right < 0 ? -0 : 0;
  return rest < 0 === right < 0 ? rest : rest + right;
}

function power(base: number, exponent: number): number {
  if (base === 0 && exponent < 0) return fail('0.0 cannot be raised to a negative power');
  const result = base ** exponent;
  if (Number.isNaN(result) && !Number.isNaN(base + exponent)) {
    return fail('a negative number to a fractional power is a complex number');
  }
  return Number.isFinite(result) || !Number.isFinite(base + exponent)
    ? result
    : fail('the result of ** is too large');
}

function join(left: Value, right: Value): Value {
  if (textIfAny(left) !== null && textIfAny(right) !== null) {
    refuseMarkup(left, right);
    return (left as string) + (right as string);
  }
  if (Array.isArray(left) && Array.isArray(right)) return [...left, ...right];
  if (left instanceof Tuple && right instanceof Tuple) {
    return new Tuple([...left.items, ...right.items]);
  }
  return unsupported('+', left, right);
}

/** Python escapes what is put together with text that is marked as safe, which no chat template wants. */
function refuseMarkup(...values: readonly Value[]): void {
  if (!values.some((value) => value instanceof Markup)) return;
  fail('text from |escape or |safe is worked on, which is not supported; print it, or use ~');
}

function repeat(left: Value, right: Value): Value {
  const [sequence, count] = isNumeric(left) ? [right, left] : [left, right];
  if (typeof count !== 'bigint' && typeof count !== 'boolean') return unsupported('*', left, right);
  const times = BigInt(count) > 0n ? BigInt(count) : 0n;
  const check = (length: number) => {
    if (times * BigInt(length) > BigInt(longest)) fail(`repeating ${times} times is too long`);
    return Number(times);
  };
  if (typeof sequence === 'string') return sequence.repeat(check(sequence.length));
  const items = sequence instanceof Tuple ? sequence.items : sequence;
  if (!Array.isArray(items)) return unsupported('*', left, right);
  const repeated = Array.from({ length: check(items.length) }, () => items as Value[]).flat(1);
  return sequence instanceof Tuple ? new Tuple(repeated) : repeated;
}

export function negate(value: Value): Value {
  mustBeThere(value);
  return isNumeric(value)
    ? -toNumber(value)
    : fail(`bad operand type for unary -: '${typeName(value)}'`);
}

export function positive(value: Value): Value {
  mustBeThere(value);
  return isNumeric(value)
    ? toNumber(value)
    : fail(`bad operand type for unary +: '${typeName(value)}'`);
}

function sameNumber(left: bigint | number, right: bigint | number): boolean {
  // biome-ignore lint/suspicious/noDoubleEquals: loosely, a bigint equals the number of its value
  return left == right;
}

/** `left == right`. */
export function equals(left: Value, right: Value): boolean {
  if (isNumeric(left) && isNumeric(right)) {
    return sameNumber(toNumber(left), toNumber(right));
  }
  const text = textIfAny(left);
  if (text !== null) return text === textIfAny(right);
  if (Array.isArray(left) && Array.isArray(right)) return sameItems(left, right);
  if (left instanceof Tuple && right instanceof Tuple) return sameItems(left.items, right.items);
  if (left instanceof Dict && right instanceof Dict) {
    if (left.size !== right.size) return false;
    for (const [key, value] of left.entries()) {
      const other = right.get(key);
      if (other === undefined || !equals(value, other)) return false;
    }
    return true;
  }
  if (left instanceof Undefined) return right instanceof Undefined;
  if (left instanceof Range && right instanceof Range) {
    return sameItems([...iterableIfAny(left)!], [...iterableIfAny(right)!]);
  }
  return left === right;
}

function sameItems(left: readonly Value[], right: readonly Value[]): boolean {
  return left.length === right.length && left.every((item, i) => equals(item, right[i]!));
}

/** Order by code points, as Python has it. */
function compareTexts(left: string, right: string): number {
  const [a, b] = [charactersOf(left), charactersOf(right)];
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i]!.codePointAt(0)! - b[i]!.codePointAt(0)!;
  }
  return a.length - b.length;
}

/** Below, above or 0; NaN where the two have no order. @throws {TemplateError} for types without one */
export function order(operator: string, left: Value, right: Value): number {
  mustBeThere(left);
  mustBeThere(right);
  if (isNumeric(left) && isNumeric(right)) {
    const [a, b] = [toNumber(left), toNumber(right)];
    if (a < b) return -1;
    return a > b ? 1 : sameNumber(a, b) ? 0 : Number.NaN;
  }
  const [text, other] = [textIfAny(left), textIfAny(right)];
  if (text !== null && other !== null) return compareTexts(text, other);
  if (Array.isArray(left) && Array.isArray(right)) return orderItems(operator, left, right);
  if (left instanceof Tuple && right instanceof Tuple) {
    return orderItems(operator, left.items, right.items);
  }
  return fail(
    `'${operator}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`,
  );
}

function orderItems(operator: string, left: readonly Value[], right: readonly Value[]): number {
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    if (!equals(left[i]!, right[i]!)) return order(operator, left[i]!, right[i]!);
  }
  return left.length - right.length;
}

/** `left operator right` for the comparing operators. */
export function compare(operator: string, left: Value, right: Value): boolean {
  switch (operator) {
    case '==':
      return equals(left, right);
    case '!=':
      return !equals(left, right);
    case 'in':
      return contains(right, left);
    case 'not in':
      return !contains(right, left);
    case '<':
      return order('<', left, right) < 0;
    case '<=':
      return order('<=', left, right) <= 0;
    case '>':
      return order('>', left, right) > 0;
    default:
      return order('>=', left, right) >= 0;
  }
}

/** `item in container`. */
export function contains(container: Value, item: Value): boolean {
  const text = textIfAny(container);
  if (text !== null) {
    const part = textIfAny(item);
    if (part !== null) return text.includes(part);
    mustBeThere(item);
    return fail(`'in <string>' requires string as left operand, not ${typeName(item)}`);
  }
  if (container instanceof Dict) return container.has(item);
  const items = iterableIfAny(container);
  if (!items) return fail(`argument of type '${typeName(container)}' is not iterable`);
  for (const one of items) if (equals(one, item)) return true;
  return false;
}

/** `value[index]`; undefined where there is no such item. */
export function itemAt(value: Value, index: Value): Value | undefined {
  if (value instanceof Dict) {
    // What cannot be a key is in no dict.
    return Array.isArray(index) || index instanceof Dict ? undefined : value.get(index);
  }
  if (typeof index !== 'bigint' && typeof index !== 'boolean') return undefined;
  const at = Number(index);
  if (value instanceof Range) {
    const place = at < 0 ? at + value.length : at;
    return place >= 0 && place < value.length ? value.at(place) : undefined;
  }
  return sequenceOf(value)?.at(at);
}

function sequenceOf(value: Value): readonly Value[] | null {
  const text = textIfAny(value);
  if (text !== null) return charactersOf(text);
  if (Array.isArray(value)) return value;
  return value instanceof Tuple ? value.items : null;
}

/** `value[start:stop:step]`, each part null where it is left out. */
export function slice(value: Value, start: Value, stop: Value, step: Value): Value {
  mustBeThere(value);
  if (value instanceof Range || value instanceof Lazy) {
    return fail(
      `a slice of a ${typeName(value)} is not supported; make it a list first, with |list`,
    );
  }
  const items = sequenceOf(value) ?? fail(`'${typeName(value)}' object is not subscriptable`);
  const picked = indices(items.length, start, stop, step).map((i) => items[i]!);
  if (typeof value === 'string') return picked.join('');
  if (value instanceof Markup) return new Markup(picked.join(''));
  return value instanceof Tuple ? new Tuple(picked) : picked;
}

/** Places that a slice takes, as Python's `slice.indices` finds them. */
function indices(length: number, start: Value, stop: Value, step: Value): number[] {
  const bound = (part: Value, otherwise: number, least: number, most: number) => {
    if (part === null) return otherwise;
    const index = toIndex(part, 'a slice index');
    const place = index < 0n ? index + BigInt(length) : index;
    return Number(
      place < BigInt(least) ? BigInt(least) : place > BigInt(most) ? BigInt(most) : place,
    );
  };
  const by = step === null ? 1n : toIndex(step, 'a slice step');
  if (by === 0n) return fail('slice step cannot be zero');
  const places: number[] = [];
  const stride = Number(
    by > BigInt(length) ? BigInt(length) + 1n : by < BigInt(-length) ? BigInt(-length) - 1n : by,
  );
  if (by > 0n) {
    const end = bound(stop, length, 0, length);
    for (let i = bound(start, 0, 0, length); i < end; i += stride) places.push(i);
  } else {
    const end = bound(stop, -1, -1, length - 1);
    for (let i = bound(start, length - 1, -1, length - 1); i > end; i += stride) places.push(i);
  }
  return places;
}
