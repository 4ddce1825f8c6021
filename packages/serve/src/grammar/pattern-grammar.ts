import { anyPoint, characterOf, complement, type Ranges, union } from './code-points.js';
import type { Grammar, GrammarSpace } from './grammar.js';

/** A regular expression, or a part of one, that cannot be kept to. */
export class PatternProblem extends Error {}

/** Characters of a pattern: reading one and going on in it takes a few calls for each, and the stack holds so many. */
const longest = 1024;

const digit: Ranges = [[0x30, 0x39]];
const word: Ranges = [...digit, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]];
const space: Ranges = [
  ...([
    [9, 13],
    [0x20, 0x20],
    [0xa0, 0xa0],
    [0x1680, 0x1680],
    [0x2000, 0x200a],
  ] as const),
  ...([
    [0x2028, 0x2029],
    [0x202f, 0x202f],
    [0x205f, 0x205f],
  ] as const),
  ...([
    [0x3000, 0x3000],
    [0xfeff, 0xfeff],
  ] as const),
];
const lineEnds: Ranges = [
  [10, 10],
  [13, 13],
  [0x2028, 0x2029],
];
const classes: Readonly<Record<string, Ranges>> = {
  ...{ d: digit, D: complement(digit), w: word, W: complement(word) },
  ...{ s: space, S: complement(space) },
};
const controls: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, 0: 0 };

/**
 * The strings that a regular expression of ECMAScript finds itself in, as they stand within a JSON string. Without
 * anchors anything may stand before and behind.
 *
 * @throws {PatternProblem} for what is not a regular expression, or looks around itself
 */
export function patternGrammar(grammars: GrammarSpace, pattern: string): Grammar {
  if (pattern.length > longest) throw new PatternProblem(`more than ${longest} characters`);
  try {
    new RegExp(pattern, 'u');
  } catch (error) {
    throw new PatternProblem((error as Error).message);
  }
  return new PatternReader(grammars, pattern).read();
}

class PatternReader {
  readonly #space: GrammarSpace;
  readonly #pattern: readonly string[];
  #at = 0;

  constructor(grammars: GrammarSpace, pattern: string) {
    this.#space = grammars;
    this.#pattern = [...pattern];
  }

  read(): Grammar {
    const anything = this.#space.repeat(characterOf(this.#space, anyPoint));
    const options: Grammar[] = [];
    do {
      const isBegun = this.#take('^');
      const middle = this.#sequence();
      const isEnded = this.#take('$');
      const before = isBegun ? this.#space.empty : anything;
      const behind = isEnded ? this.#space.empty : anything;
      options.push(this.#space.sequence([before, middle, behind]));
    } while (this.#take('|'));
    if (this.#at < this.#pattern.length) this.#refuse(`'${this.#pattern[this.#at]}' in its middle`);
    return this.#space.either(options);
  }

  get #next(): string | undefined {
    return this.#pattern[this.#at];
  }

  #take(text: string): boolean {
    const end = this.#at + text.length;
    if (this.#pattern.slice(this.#at, end).join('') !== text) return false;
    this.#at = end;
    return true;
  }

  #refuse(what: string): never {
    throw new PatternProblem(`${what} is not supported`);
  }

  #sequence(): Grammar {
    const parts: Grammar[] = [];
    while (this.#next !== undefined && !'|)$'.includes(this.#next)) {
      parts.push(this.#quantified(this.#atom()));
    }
    return this.#space.sequence(parts);
  }

  #quantified(atom: Grammar): Grammar {
    const limits = this.#limits();
    if (limits === null) return atom;
    this.#take('?'); // lazy or not, the strings are the same
    return this.#space.repeat(atom, ...limits);
  }

  #limits(): readonly [min: number, max: number] | null {
    if (this.#take('*')) return [0, Infinity];
    if (this.#take('+')) return [1, Infinity];
    if (this.#take('?')) return [0, 1];
    if (this.#next !== '{') return null;
    const rest = this.#pattern.slice(this.#at).join('');
    const found = /^\{(\d+)(,?)(\d*)\}/.exec(rest);
    if (found === null) return null;
    this.#at += [...found[0]].length;
    const [, min, comma, max] = found;
    return [Number(min), comma === '' ? Number(min) : max === '' ? Infinity : Number(max)];
  }

  #atom(): Grammar {
    if (this.#take('(')) return this.#group();
    if (this.#take('[')) return characterOf(this.#space, this.#class());
    if (this.#take('.')) return characterOf(this.#space, complement(lineEnds));
    if (this.#next === '^') this.#refuse("'^' in its middle");
    return characterOf(this.#space, this.#character(false));
  }

  #group(): Grammar {
    if (this.#take('?') && !this.#take(':')) {
      const name = /^<(?![=!])[^>]*>/.exec(this.#pattern.slice(this.#at).join(''))?.[0];
      if (name === undefined) this.#refuse('looking ahead or behind');
      this.#at += [...name].length;
    }
    const options: Grammar[] = [];
    do options.push(this.#sequence());
    while (this.#take('|'));
    if (!this.#take(')')) this.#refuse("'$' in its middle");
    return this.#space.either(options);
  }

  #class(): Ranges {
    const isOther = this.#take('^');
    const ranges: (readonly [number, number])[] = [];
    while (!this.#take(']')) {
      const first = this.#character(true);
      const isRange = this.#next === '-' && this.#pattern[this.#at + 1] !== ']';
      if (!isRange) {
        ranges.push(...first);
        continue;
      }
      this.#at++;
      ranges.push([first[0]![0], this.#character(true)[0]![1]]);
    }
    return isOther ? complement(ranges) : union(ranges);
  }

  #character(isInClass: boolean): Ranges {
    const one = (point: number): Ranges => [[point, point]];
    if (!this.#take('\\')) return one(this.#pattern[this.#at++]!.codePointAt(0)!);
    const letter = this.#pattern[this.#at++]!;
    if (Object.hasOwn(classes, letter)) return classes[letter]!;
    if (letter === 'b' && isInClass) return one(8);
    if (Object.hasOwn(controls, letter)) return one(controls[letter]!);
    const rest = this.#pattern.slice(this.#at).join('');
    const hex = { x: /^([\da-f]{2})/i, u: /^(?:([\da-f]{4})|\{([\da-f]+)\})/i }[letter]?.exec(rest);
    const pair = letter === 'u' ? /^(d[89ab][\da-f]{2})\\u(d[c-f][\da-f]{2})/i.exec(rest) : null;
    if (pair) {
      this.#at += pair[0].length;
      const halves = pair.slice(1).map((half) => Number.parseInt(half, 16));
      return one(String.fromCharCode(...halves).codePointAt(0)!);
    }
    if (hex) {
      this.#at += hex[0].length;
      return one(Number.parseInt(hex[1] ?? hex[2]!, 16));
    }
    if (/[a-z\d]/i.test(letter)) this.#refuse(`\\${letter}`);
    return one(letter.codePointAt(0)!);
  }
}
