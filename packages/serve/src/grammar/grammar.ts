import { NammError } from '@namm/core';

/** What may still follow: a set of byte strings. Grammars of one {@link GrammarSpace} that say the same are the same object. */
export interface Grammar {
  readonly id: number;
  /** Whether nothing may follow, too. */
  readonly isNullable: boolean;
  readonly rule: Rule;
}

/** Something that follows by rules of its own, such as the digits of a number within bounds. */
export interface Machine {
  /** The same for machines that take the same strings. */
  readonly key: string;
  readonly isNullable: boolean;
  /** Whether any token will do that has no bytes of its own, as in free text. */
  readonly isFree?: boolean;
  /** What may follow behind a byte; null when it may not come. */
  step(byte: number, space: GrammarSpace): Grammar | null;
}

type Rule =
  | { readonly kind: 'never' | 'empty' }
  | { readonly kind: 'bytes'; readonly has: Uint8Array }
  | { readonly kind: 'text'; readonly bytes: Uint8Array; readonly at: number }
  | { readonly kind: 'then'; readonly first: Grammar; readonly rest: Grammar }
  | { readonly kind: 'either'; readonly options: readonly Grammar[] }
  | { readonly kind: 'repeat'; readonly of: Grammar; readonly min: number; readonly max: number }
  | { readonly kind: 'later'; readonly resolve: () => Grammar }
  | { readonly kind: 'machine'; readonly machine: Machine };

const encoder = new TextEncoder();

/**
 * Ways to go on that reading a byte may open: repeats within repeats, such as `(a{1,99}){1,99}`, have more with every
 * byte, and all of them are followed.
 */
export const mostWays = 1000;

/** Bytes of a text that stand in the names of what is left of it. */
const longestNamed = 64;

/**
 * Makes grammars, and says what is left of one behind a byte (its derivative). No grammar that is made here of others that
 * can end is a dead end.
 *
 * @example
 * ```ts
 * const space = new GrammarSpace();
 * const yes = space.either([space.text('yes'), space.text('y')]);
 * space.after(yes, 121).isNullable; // true: 'y' is whole, and 'es' may follow
 * ```
 */
export class GrammarSpace {
  readonly #known = new Map<string, Grammar>();
  /** What is behind a byte of a chain: parts of it that may be left out have the same ends, over and over. */
  readonly #behind = new Map<number, Grammar>();
  /** Numbers of long texts, by their bytes and by what these say. */
  readonly #texts = new WeakMap<Uint8Array, number>();
  readonly #textIds = new Map<string, number>();
  readonly never = this.#make('0', false, { kind: 'never' });
  readonly empty = this.#make('1', true, { kind: 'empty' });

  /** Grammars that were made, which tells what the space takes. */
  get size(): number {
    return this.#known.size;
  }

  /** One byte out of ranges, both ends included. */
  bytes(...ranges: readonly (readonly [from: number, to: number])[]): Grammar {
    const has = new Uint8Array(256);
    for (const [from, to] of ranges) has.fill(1, from, to + 1);
    return this.#make(`b${has.join('')}`, false, { kind: 'bytes', has });
  }

  /** Just this text. */
  text(text: string | Uint8Array): Grammar {
    const bytes = typeof text === 'string' ? encoder.encode(text) : text;
    return this.#rest(bytes, 0);
  }

  /** One behind the other. */
  sequence(parts: readonly Grammar[]): Grammar {
    return parts.reduceRight((rest, first) => this.#then(first, rest), this.empty);
  }

  /** One of them. */
  either(options: readonly Grammar[]): Grammar {
    return this.#either(options, Infinity);
  }

  #either(options: readonly Grammar[], most: number): Grammar {
    const all = new Set<Grammar>();
    for (const option of options) {
      if (option.rule.kind === 'either') for (const one of option.rule.options) all.add(one);
      else if (option !== this.never) all.add(option);
    }
    if (all.size === 0) return this.never;
    if (all.size > most) {
      const problem = `the required form can continue in more than ${most} ways: a pattern nests repetitions`;
      throw new NammError('CONSTRAINT', problem);
    }
    const sorted = [...all].sort((a, b) => a.id - b.id);
    if (sorted.length === 1) return sorted[0]!;
    const isNullable = sorted.some((option) => option.isNullable);
    return this.#make(`e${sorted.map(({ id }) => id)}`, isNullable, {
      kind: 'either',
      options: sorted,
    });
  }

  /** As it is, or nothing. */
  optional(of: Grammar): Grammar {
    return this.either([of, this.empty]);
  }

  /** Several behind one another. @param max may be Infinity */
  repeat(of: Grammar, min = 0, max = Infinity): Grammar {
    if (max === 0 || of === this.empty) return this.empty;
    const least = of.isNullable ? 0 : min; // empty ones count too
    if (of === this.never) return least === 0 ? this.empty : this.never;
    if (least === 1 && max === 1) return of;
    return this.#make(`r${of.id},${least},${max}`, least === 0, {
      ...{ kind: 'repeat', of, min: least, max },
    });
  }

  /** A grammar that is made when it is needed, for those that hold themselves; it is not nullable. */
  later(key: string, resolve: () => Grammar): Grammar {
    return this.#make(`l${key}`, false, { kind: 'later', resolve });
  }

  machine(machine: Machine): Grammar {
    return this.#make(`m${machine.key}`, machine.isNullable, { kind: 'machine', machine });
  }

  /**
   * What may follow behind a byte; {@link never} when it may not come.
   *
   * @throws {NammError} when there are too many ways to go on to follow all
   */
  after(grammar: Grammar, byte: number): Grammar {
    const { rule } = grammar;
    switch (rule.kind) {
      case 'never':
      case 'empty':
        return this.never;
      case 'bytes':
        return rule.has[byte] === 1 ? this.empty : this.never;
      case 'text':
        return rule.bytes[rule.at] === byte ? this.#rest(rule.bytes, rule.at + 1) : this.never;
      case 'then': {
        const key = grammar.id * 256 + byte;
        let behind = this.#behind.get(key);
        if (behind === undefined) {
          behind = this.#then(this.after(rule.first, byte), rule.rest);
          if (rule.first.isNullable) {
            behind = this.#either([behind, this.after(rule.rest, byte)], mostWays);
          }
          this.#behind.set(key, behind);
        }
        return behind;
      }
      case 'either':
        return this.#either(
          rule.options.map((option) => this.after(option, byte)),
          Math.max(mostWays, rule.options.length),
        );
      case 'repeat': {
        const { of, min, max } = rule;
        return this.#then(this.after(of, byte), this.repeat(of, Math.max(0, min - 1), max - 1));
      }
      case 'later':
        return this.after(rule.resolve(), byte);
      case 'machine':
        return rule.machine.step(byte, this) ?? this.never;
    }
  }

  #rest(bytes: Uint8Array, at: number): Grammar {
    if (at === bytes.length) return this.empty;
    const rule = { kind: 'text', bytes, at } as const;
    if (bytes.length - at <= longestNamed) {
      return this.#make(`t${bytes.subarray(at).join()}`, false, rule);
    }
    // A long text is named once, not at each of its bytes.
    let text = this.#texts.get(bytes);
    if (text === undefined) {
      const whole = bytes.join();
      text = this.#textIds.get(whole) ?? this.#textIds.size;
      this.#textIds.set(whole, text);
      this.#texts.set(bytes, text);
    }
    return this.#make(`t#${text},${at}`, false, rule);
  }

  #then(first: Grammar, rest: Grammar): Grammar {
    if (first === this.never || rest === this.never) return this.never;
    if (first === this.empty) return rest;
    if (rest === this.empty) return first;
    const parts: Grammar[] = [];
    let last = first;
    for (; last.rule.kind === 'then'; last = last.rule.rest) parts.push(last.rule.first);
    parts.push(last);
    // No recursion: a chain is as long as a schema has properties, or a pattern characters.
    return parts.reduceRight((behind, part) => {
      const isNullable = part.isNullable && behind.isNullable;
      const rule = { kind: 'then', first: part, rest: behind } as const;
      return this.#make(`s${part.id},${behind.id}`, isNullable, rule);
    }, rest);
  }

  #make(key: string, isNullable: boolean, rule: Rule): Grammar {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = { id: this.#known.size, isNullable, rule };
    this.#known.set(key, made);
    return made;
  }
}
