import { FileFormatError } from '@namm/core';

/** What a literal of Python can be here: texts, numbers and dictionaries of them. */
export type PythonLiteral = string | number | { readonly [key: string]: PythonLiteral };

const escapes: Readonly<Record<string, string>> = {
  ...{ n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"', '\n': '' },
};

/**
 * The literals that a Python source assigns to names, in order: benchmarks keep their prompts so. Nothing is run; what is
 * no literal is passed over.
 *
 * @returns per name all that is assigned to it
 * @throws {FileFormatError} when a text does not end
 * @example
 * ```ts
 * pythonLiterals('needle = "One {key}."\n', 'niah.py').get('needle'); // ['One {key}.']
 * ```
 */
export function pythonLiterals(source: string, file: string): Map<string, PythonLiteral[]> {
  const found = new Map<string, PythonLiteral[]>();
  for (const match of source.matchAll(/^[ \t]*([A-Za-z_]\w*)[ \t]*=[ \t]*(?=f?["'{]|\d)/gm)) {
    const reader = new LiteralReader(source, match.index + match[0].length, file);
    const value = reader.value();
    if (value !== null) found.set(match[1]!, [...(found.get(match[1]!) ?? []), value]);
  }
  return found;
}

class LiteralReader {
  readonly #source: string;
  readonly #file: string;
  #at: number;

  constructor(source: string, at: number, file: string) {
    this.#source = source;
    this.#at = at;
    this.#file = file;
  }

  /** Null for what is not a literal. */
  value(): PythonLiteral | null {
    this.#skip();
    const character = this.#source[this.#at];
    if (character === '{') return this.#dictionary();
    if (character === '"' || character === "'") return this.#texts();
    if (/^f["']/.test(this.#source.slice(this.#at, this.#at + 2))) {
      this.#at++; // its fields are filled in by whoever uses it
      return this.#texts();
    }
    const number = /^\d+(?:\.\d+)?/.exec(this.#source.slice(this.#at, this.#at + 30))?.[0];
    if (number === undefined) return null;
    this.#at += number.length;
    return Number(number);
  }

  #dictionary(): PythonLiteral | null {
    const entries: Record<string, PythonLiteral> = {};
    this.#at++;
    for (;;) {
      this.#skip();
      if (this.#source[this.#at] === '}') {
        this.#at++;
        return entries;
      }
      const key = this.value();
      this.#skip();
      if (typeof key !== 'string' || this.#source[this.#at] !== ':') return null;
      this.#at++;
      const value = this.value();
      if (value === null) return null;
      entries[key] = value;
      this.#skip();
      if (this.#source[this.#at] === ',') this.#at++;
    }
  }

  /** Texts that stand side by side, or with a plus between them, are one. */
  #texts(): string {
    let text = '';
    for (;;) {
      text += this.#text();
      this.#skip();
      if (this.#source[this.#at] === '+') {
        this.#at++;
        this.#skip();
      }
      const next = this.#source[this.#at];
      if (next !== '"' && next !== "'") return text;
    }
  }

  #text(): string {
    const quote = this.#source[this.#at]!;
    const end = this.#source.startsWith(quote.repeat(3), this.#at) ? quote.repeat(3) : quote;
    let text = '';
    for (let at = this.#at + end.length; at < this.#source.length; at++) {
      const character = this.#source[at]!;
      if (this.#source.startsWith(end, at)) {
        this.#at = at + end.length;
        return text;
      }
      if (character === '\\') {
        at++;
        const next = this.#source[at]!;
        text += escapes[next] ?? `\\${next}`;
      } else text += character;
    }
    throw new FileFormatError(
      this.#file,
      `a text that begins at character ${this.#at} does not end`,
    );
  }

  /** White space and comments. */
  #skip(): void {
    const rest = /(?:\s|#[^\n]*|\\\n)*/y;
    rest.lastIndex = this.#at;
    this.#at += rest.exec(this.#source)![0].length;
  }
}
