import type { Grammar, GrammarSpace, Machine } from './grammar.js';

/** What a number has to be; all in whole units of {@link unit}. */
export interface NumberRule {
  readonly least: bigint;
  readonly most: bigint;
  readonly multipleOf: bigint;
}

/** Digits behind the point that are written at most. */
const places = 12;
/** Digits of a number at most: so many every double keeps. */
const digits = 15;
/** One, in the units that numbers are counted in. */
export const unit = 10n ** BigInt(places);
/** The largest number that is written. */
export const largest = 10n ** BigInt(digits) * unit - 1n;

/**
 * A decimal number in units, rounded to whole ones.
 *
 * @param round which way
 */
export function inUnits(value: number, round: 'up' | 'down'): bigint {
  const [mantissa = '', exponent = '0'] = String(Math.abs(value)).split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const shift = places - fraction.length + Number(exponent);
  const number = BigInt(whole + fraction);
  const scale = 10n ** BigInt(Math.abs(shift));
  const exact = shift >= 0;
  const size = exact ? number * scale : number / scale;
  const isRounded = !exact && number % scale !== 0n;
  const isAway = isRounded && (value < 0 ? round === 'down' : round === 'up');
  const result = isAway ? size + 1n : size;
  return value < 0 ? -result : result;
}

/** The digits of a number that keeps a rule, without exponent. A digit may come only when the number can still end well. */
export class NumberText implements Machine {
  readonly key: string;
  readonly isNullable: boolean;
  readonly #rule: NumberRule;
  readonly #text: string;

  constructor(rule: NumberRule, text = '') {
    this.#rule = rule;
    this.#text = text;
    this.key = `n${rule.least},${rule.most},${rule.multipleOf},${text}`;
    this.isNullable = /\d$/.test(text) && this.#isRight();
  }

  /** Never, when no number keeps the rule. */
  static begin(space: GrammarSpace, rule: NumberRule): Grammar {
    const start = new NumberText(rule);
    const firsts = [...'-0123456789'].map((first) => first.charCodeAt(0));
    return firsts.some((byte) => start.step(byte, space) !== null)
      ? space.machine(start)
      : space.never;
  }

  step(byte: number, space: GrammarSpace): Grammar | null {
    const text = this.#text + String.fromCharCode(byte);
    if (!/^-?(?:0|[1-9]\d*)?(?:(?<=\d)\.\d*)?$/.test(text) || text.length > digits + 2) return null;
    if (text.endsWith('.') && this.#rule.multipleOf % unit === 0n) return null; // whole numbers need none
    const next = new NumberText(this.#rule, text);
    return next.isNullable || next.#canEnd() ? space.machine(next) : null;
  }

  #isRight(): boolean {
    const { least, most, multipleOf } = this.#rule;
    const [whole = '', fraction = ''] = this.#text.replace('-', '').split('.');
    if (whole.length + fraction.length > digits || fraction.length > places) return false;
    const size = BigInt(whole + fraction) * 10n ** BigInt(places - fraction.length);
    const value = this.#text.startsWith('-') ? -size : size;
    if (value === 0n && this.#text.startsWith('-')) return false;
    return value >= least && value <= most && value % multipleOf === 0n;
  }

  /** Whether more digits lead to a number that keeps the rule. */
  #canEnd(): boolean {
    const isNegative = this.#text.startsWith('-');
    const rest = this.#text.replace('-', '');
    if (rest === '') {
      const { least, multipleOf } = this.#rule;
      return holdsMultiple(least, -1n, multipleOf);
    }
    const [whole = '', fraction] = rest.split('.');
    if (fraction !== undefined) {
      const first = BigInt(whole + fraction) * 10n ** BigInt(places - fraction.length);
      const last = first + 10n ** BigInt(places - fraction.length) - 1n;
      const hasRoom = fraction.length < Math.min(places, digits - whole.length);
      return hasRoom && this.#meets(first, last, whole.length, isNegative);
    }
    const longest = whole === '0' ? 0 : digits - whole.length;
    for (let more = 0; more <= longest; more++) {
      const scale = 10n ** BigInt(more);
      const first = BigInt(whole) * scale * unit;
      const last = (BigInt(whole) + 1n) * scale * unit - 1n;
      if (this.#meets(first, last, whole.length + more, isNegative)) return true;
    }
    return false;
  }

  /** @param wholeDigits those before the point, which take from those behind it */
  #meets(first: bigint, last: bigint, wholeDigits: number, isNegative: boolean): boolean {
    const { least, most, multipleOf } = this.#rule;
    const behind = Math.min(places, digits - wholeDigits);
    if (behind < 0) return false;
    const step = leastCommonMultiple(multipleOf, 10n ** BigInt(places - behind));
    const [low, high] = isNegative ? [-last, first === 0n ? -1n : -first] : [first, last];
    return holdsMultiple(low > least ? low : least, high < most ? high : most, step);
  }
}

/** Whether a multiple lies between two numbers, both included. */
function holdsMultiple(low: bigint, high: bigint, of: bigint): boolean {
  if (low > high) return false;
  const remainder = ((low % of) + of) % of;
  return remainder === 0n || low + (of - remainder) <= high;
}

export function leastCommonMultiple(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return (a / x) * b;
}
