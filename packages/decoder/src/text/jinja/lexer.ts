import { fail } from './template-error.js';
import { isSpace, spaceRun, trimEnd } from './white-space.js';

/** A piece of a template. `data` is text to be printed as it is; begins and ends frame the rest. */
export interface Token {
  readonly kind:
    | 'data'
    | 'variableBegin'
    | 'variableEnd'
    | 'blockBegin'
    | 'blockEnd'
    | 'name'
    | 'string'
    | 'integer'
    | 'float'
    | 'operator'
    | 'end';
  /** Text of the token; of a string what it stands for. */
  readonly text: string;
  readonly line: number;
}

const operators = [
  ...['**', '//', '==', '!=', '>=', '<='],
  ...[
    '+',
    '-',
    '/',
    '*',
    '%',
    '~',
    '[',
    ']',
    '(',
    ')',
    '{',
    '}',
    '>',
    '<',
    '=',
    '.',
    ':',
    '|',
    ',',
    ';',
  ],
];
const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

const numberPattern =
  /(?<float>(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+))|(?<integer>0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*)/iy;
const namePattern = /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*/uy;
const stringPattern = /'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"/y;

/**
 * Cuts a template into tokens, with the white space handled as transformers configures Jinja: the first line
 * break after a block goes (`trim_blocks`), and so do spaces before a block that begins a line
 * (`lstrip_blocks`), unless a `+` keeps them; a `-` takes all white space.
 */
export function tokenize(source: string): Token[] {
  return new Lexer(source).run();
}

class Lexer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #line = 1;
  /** Whether what was read last ended with a line break. */
  #startsLine = true;

  constructor(source: string) {
    const text = source.replace(/\r\n|\r/g, '\n');
    this.#source = text.endsWith('\n') ? text.slice(0, -1) : text;
  }

  run(): Token[] {
    while (this.#at < this.#source.length) this.#readData();
    this.#push('end', '');
    return this.#tokens;
  }

  #push(kind: Token['kind'], text: string): void {
    this.#tokens.push({ kind, text, line: this.#line });
  }

  /** Goes on to a place. */
  #advance(to: number): void {
    const passed = this.#source.slice(this.#at, to);
    this.#line += passed.split('\n').length - 1;
    if (passed !== '') this.#startsLine = passed.endsWith('\n');
    this.#at = to;
  }

  /** Text up to the next tag, and the tag. */
  #readData(): void {
    const opening = /\{\{|\{%|\{#/g;
    opening.lastIndex = this.#at;
    const match = opening.exec(this.#source);
    if (match === null) {
      this.#push('data', this.#source.slice(this.#at));
      this.#advance(this.#source.length);
      return;
    }
    const begin = match[0];
    const after = match.index + 2;
    const sign = '-+'.includes(this.#source[after] ?? ' ') ? this.#source[after]! : '';
    const text = this.#source.slice(this.#at, match.index);
    const data = this.#stripped(text, sign, begin === '{{');
    if (data !== '') this.#push('data', data);
    if (begin === '{%' && this.#readRaw(match.index)) return;
    this.#advance(after + sign.length);
    if (begin === '{#') this.#skipComment();
    else this.#readTag(begin === '{{' ? 'variable' : 'block');
  }

  #stripped(text: string, sign: string, isVariable: boolean): string {
    if (sign === '-') return trimEnd(text);
    if (sign === '+' || isVariable) return text;
    const lineStart = text.lastIndexOf('\n') + 1;
    const beginsLine = lineStart > 0 || this.#startsLine;
    return beginsLine && isSpace(text.slice(lineStart)) ? text.slice(0, lineStart) : text;
  }

  #skipComment(): void {
    const end = /\+#\}|-#\}|#\}/g;
    end.lastIndex = this.#at;
    const match = end.exec(this.#source) ?? fail(`line ${this.#line}: missing end of comment tag`);
    this.#advance(match.index);
    this.#endTag(match[0]);
  }

  /** Passes the end of a block or a comment, with the white space that it takes. */
  #endTag(end: string): void {
    let to = this.#at + end.length;
    if (end.startsWith('-')) to += spacesAt(this.#source, to);
    else if (!end.startsWith('+') && this.#source[to] === '\n') to++;
    this.#advance(to);
  }

  /** `{% raw %}…{% endraw %}`: everything between is text. */
  #readRaw(index: number): boolean {
    const begin = /\{%[-+]?\s*raw\s*(-%\}|%\})/y;
    begin.lastIndex = index;
    const match = begin.exec(this.#source);
    if (match === null) return false;
    this.#advance(index + match[0].length);
    if (match[1] === '-%}') this.#advance(this.#at + spacesAt(this.#source, this.#at));
    const end = /\{%([-+]?)\s*endraw\s*(\+%\}|-%\}|%\})/g;
    end.lastIndex = this.#at;
    const last = end.exec(this.#source) ?? fail(`line ${this.#line}: missing end of raw block`);
    const text = this.#source.slice(this.#at, last.index);
    const data = this.#stripped(text, last[1]!, false);
    if (data !== '') this.#push('data', data);
    this.#advance(last.index + last[0].length - last[2]!.length);
    this.#endTag(last[2]!);
    return true;
  }

  #readTag(kind: 'variable' | 'block'): void {
    const open: string[] = [];
    this.#push(`${kind}Begin`, '');
    while (true) {
      this.#advance(this.#at + spacesAt(this.#source, this.#at));
      if (this.#at >= this.#source.length) fail(`line ${this.#line}: unexpected end of template`);
      if (open.length === 0 && this.#readEnd(kind)) return;
      this.#readToken(open);
    }
  }

  #readEnd(kind: 'variable' | 'block'): boolean {
    const ends = kind === 'variable' ? ['-}}', '}}'] : ['+%}', '-%}', '%}'];
    const end = ends.find((one) => this.#source.startsWith(one, this.#at));
    if (end === undefined) return false;
    this.#push(`${kind}End`, '');
    if (kind === 'block') this.#endTag(end);
    else {
      this.#advance(this.#at + end.length);
      if (end.startsWith('-')) this.#advance(this.#at + spacesAt(this.#source, this.#at));
    }
    return true;
  }

  #readToken(open: string[]): void {
    const number = this.#match(numberPattern);
    // A dot in front makes `1.2` of `x.1.2` two integers.
    const isPart = this.#source[this.#at - 1] === '.';
    if (number && !(isPart && number.groups?.float)) {
      const isFloat = number.groups?.float !== undefined;
      this.#push(isFloat ? 'float' : 'integer', number[0].replaceAll('_', ''));
      this.#advance(this.#at + number[0].length);
      return;
    }
    if (number) {
      const [digits] = /^\d+/.exec(number[0])!;
      this.#push('integer', digits);
      this.#advance(this.#at + digits.length);
      return;
    }
    const name = this.#match(namePattern);
    if (name) {
      this.#push('name', name[0]);
      this.#advance(this.#at + name[0].length);
      return;
    }
    const text = this.#match(stringPattern);
    if (text) {
      this.#push('string', unescaped(text[0].slice(1, -1)));
      this.#advance(this.#at + text[0].length);
      return;
    }
    const operator = operators.find((one) => this.#source.startsWith(one, this.#at)) ?? '';
    if (operator === '') {
      const character = String.fromCodePoint(this.#source.codePointAt(this.#at)!);
      fail(`line ${this.#line}: unexpected character ${JSON.stringify(character)}`);
    }
    if (closing[operator]) open.push(closing[operator]);
    else if (')]}'.includes(operator) && open.pop() !== operator) {
      fail(`line ${this.#line}: unexpected '${operator}'`);
    }
    this.#push('operator', operator);
    this.#advance(this.#at + operator.length);
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#source);
  }
}

function spacesAt(source: string, at: number): number {
  let end = at;
  while (end < source.length && spaceRun.test(source[end]!)) end++;
  return end - at;
}

const escapes: Readonly<Record<string, string>> = {
  ...{ '\n': '', '\\': '\\', "'": "'", '"': '"', a: '\x07', b: '\b' },
  ...{ f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
};

/** What the inside of a string literal stands for, as Python's `unicode-escape` reads it. */
function unescaped(text: string): string {
  const pattern = /\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{1,3}|[\s\S])/g;
  return text.replace(pattern, (whole, code: string) => {
    if (/^[xuU]/.test(code) && code.length > 1) {
      return String.fromCodePoint(Number.parseInt(code.slice(1), 16));
    }
    if (/^[0-7]/.test(code)) return String.fromCodePoint(Number.parseInt(code, 8));
    if (code === 'N' || code === 'x' || code === 'u' || code === 'U') {
      return fail(`the escape \\${code} in a string is not supported`);
    }
    return escapes[code] ?? whole;
  });
}
