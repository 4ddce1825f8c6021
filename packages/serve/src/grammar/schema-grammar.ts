import { InvalidArgumentError } from '@namm/core';
import { anyPoint, characterOf } from './code-points.js';
import { formats } from './formats.js';
import { type Grammar, type GrammarSpace, mostWays } from './grammar.js';
import { inUnits, largest, leastCommonMultiple, NumberText, unit } from './number-text.js';
import { PatternProblem, patternGrammar } from './pattern-grammar.js';

type Schema = Readonly<Record<string, unknown>>;

const types = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'] as const;
type Type = (typeof types)[number];

/** They say nothing of what is valid. */
const remarks = new Set([
  ...['title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly'],
  ...['$schema', '$id', '$comment', '$defs', 'definitions'],
]);
/** What may be said of values of a type. */
const ofType: Readonly<Record<Type, readonly string[]>> = {
  object: ['properties', 'required', 'additionalProperties'],
  array: ['items', 'minItems', 'maxItems'],
  string: ['minLength', 'maxLength', 'pattern', 'format'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  boolean: [],
  null: [],
};
const known = new Set([...Object.values(ofType).flat(), 'type', 'enum', 'const', 'anyOf', '$ref']);

/** Depth of a schema, without references. */
const deepest = 64;

/**
 * The JSON texts that a schema allows: of JSON Schema what the strict mode of OpenAI's interface names, and `minLength`,
 * `maxLength`, free objects. Properties come in the order of the schema. Between parts there may be a space or a new line
 * with spaces.
 *
 * @param param what callers call the schema
 * @throws {InvalidArgumentError} naming what is not supported and where, or when no text keeps to the schema
 */
export function schemaGrammar(space: GrammarSpace, schema: unknown, param: string): Grammar {
  return new SchemaReader(space, schema, param).read();
}

class SchemaReader {
  readonly #space: GrammarSpace;
  readonly #root: unknown;
  readonly #param: string;
  /** Schemas that references point to, by reference. */
  readonly #targets = new Map<string, unknown>();
  /** Those that some finite text keeps to. */
  readonly #finite = new Set<string>();
  readonly #gap: Grammar;
  readonly #string: Grammar;

  constructor(space: GrammarSpace, root: unknown, param: string) {
    this.#space = space;
    this.#root = root;
    this.#param = param;
    const spaces = space.repeat(space.text(' '), 0, 32);
    this.#gap = space.either([
      space.empty,
      space.text(' '),
      space.sequence([space.text('\n'), spaces]),
    ]);
    this.#string = space.repeat(characterOf(space, anyPoint));
  }

  read(): Grammar {
    this.#check(this.#root, '', 0);
    // The texts of a reference are finite when those it needs are: found again until none is added.
    for (let count = -1; count < this.#finite.size; ) {
      count = this.#finite.size;
      for (const [ref, target] of this.#targets) {
        if (!this.#finite.has(ref) && this.#value(target) !== this.#space.never) {
          this.#finite.add(ref);
        }
      }
    }
    const grammar = this.#value(this.#root);
    if (grammar === this.#space.never) this.#refuse('', 'no text can keep to it');
    return grammar;
  }

  #refuse(path: string, problem: string): never {
    const at = path === '' ? '' : `at ${path}: `;
    throw new InvalidArgumentError(this.#param, `${at}${problem}`);
  }

  /** Finds what is not supported, and what references point to. */
  #check(schema: unknown, path: string, depth: number): void {
    if (typeof schema === 'boolean') return;
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
      this.#refuse(path, 'is not a schema');
    }
    if (depth > deepest) this.#refuse(path, `is more than ${deepest} schemas deep`);
    const given = schema as Schema;
    const words = Object.keys(given).filter((word) => !remarks.has(word));
    for (const word of words) {
      if (known.has(word) || (word === 'uniqueItems' && given[word] === false)) continue;
      this.#refuse(path, `'${word}' is not supported`);
    }
    for (const alone of ['$ref', 'anyOf'] as const) {
      const other = words.find((word) => word !== alone);
      if (!(alone in given) || other === undefined) continue;
      this.#refuse(path, `'${other}' beside '${alone}' is not supported`);
    }
    const values = 'enum' in given || 'const' in given;
    const other = words.find((word) => !['type', 'enum', 'const'].includes(word));
    if (values && other !== undefined) {
      this.#refuse(path, `'${other}' beside fixed values is not supported`);
    }
    const check = (inner: unknown, step: string) => this.#check(inner, path + step, depth + 1);
    for (const word of ['minItems', 'maxItems', 'minLength', 'maxLength'] as const) {
      const value = given[word];
      if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0)) continue;
      this.#refuse(path, `'${word}' is not a whole number from 0 on`);
    }
    for (const word of ofType.number) {
      if (given[word] === undefined || Number.isFinite(given[word])) continue;
      this.#refuse(path, `'${word}' is not a number`);
    }
    this.#typesOf(given, path);
    if ('enum' in given && !(Array.isArray(given.enum) && given.enum.length > 0)) {
      this.#refuse(path, "'enum' is not a list of values");
    }
    if (given.$ref !== undefined) this.#point(given.$ref, path, depth);
    if (given.anyOf !== undefined) {
      if (!Array.isArray(given.anyOf)) this.#refuse(path, "'anyOf' is not a list of schemas");
      for (const [i, option] of given.anyOf.entries()) check(option, `/anyOf/${i}`);
    }
    if (given.items !== undefined) check(given.items, '/items');
    if (given.additionalProperties !== undefined) {
      check(given.additionalProperties, '/additionalProperties');
    }
    const { properties = {}, required = [] } = given;
    if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) {
      this.#refuse(path, "'properties' are not schemas by name");
    }
    for (const [name, inner] of Object.entries(properties)) check(inner, `/properties/${name}`);
    const areNames =
      Array.isArray(required) && required.every((name: unknown) => typeof name === 'string');
    if (!areNames) this.#refuse(path, "'required' is not a list of names");
    const needed = new Set(required as string[]);
    if (Object.keys(properties).filter((name) => !needed.has(name)).length > mostWays) {
      this.#refuse(path, `more than ${mostWays} properties are not required`);
    }
    this.#stringBody(given, path);
    if (given.multipleOf !== undefined && (given.multipleOf as number) <= 0) {
      this.#refuse(path, "'multipleOf' is not above 0");
    }
  }

  #point(ref: unknown, path: string, depth: number): void {
    if (typeof ref !== 'string' || !/^#(?:\/|$)/.test(ref)) {
      this.#refuse(path, `'$ref' has to begin with '#'`);
    }
    if (this.#targets.has(ref)) return;
    let target: unknown = this.#root;
    for (const part of ref.split('/').slice(1)) {
      let name = part;
      try {
        name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
      } catch {
        this.#refuse(path, `'${ref}' is not percent-encoded`);
      }
      const isThere = typeof target === 'object' && target !== null && Object.hasOwn(target, name);
      if (!isThere) this.#refuse(path, `there is no '${ref}'`);
      target = (target as Schema)[name];
    }
    this.#targets.set(ref, target);
    if (target !== this.#root) this.#check(target, ref.slice(1), depth + 1);
  }

  #typesOf(schema: Schema, path: string): readonly Type[] {
    const { type } = schema;
    const given = Array.isArray(type) ? (type as unknown[]) : type === undefined ? [] : [type];
    for (const one of given) {
      if (types.includes(one as Type)) continue;
      this.#refuse(path, `'${String(one)}' is not a type`);
    }
    if (given.length > 0) return given as Type[];
    // What is said of values of one type alone means that type, as those who leave it out intend.
    const meant = types.filter((one) => ofType[one].some((word) => word in schema));
    const unlikely = meant.includes('number') ? ['integer'] : [];
    return meant.length > 0
      ? meant.filter((one) => !unlikely.includes(one))
      : types.filter((one) => one !== 'integer');
  }

  /** @param passed references on the way here since the last byte; each adds what it points to once, not itself again */
  #value(schema: unknown, passed?: Set<string>): Grammar {
    const space = this.#space;
    if (schema === false) return space.never;
    if (schema === true) return this.#value({});
    const given = schema as Schema;
    const ref = given.$ref as string | undefined;
    if (ref !== undefined) {
      if (!this.#finite.has(ref) || passed?.has(ref)) return space.never;
      if (passed === undefined) return this.#later(ref, this.#targets.get(ref));
      return this.#value(this.#targets.get(ref), passed.add(ref));
    }
    if (given.anyOf !== undefined) {
      const options = given.anyOf as unknown[];
      return space.either(options.map((option) => this.#value(option, passed)));
    }
    const wanted = this.#typesOf(given, '');
    if ('enum' in given || 'const' in given) {
      const list = given.enum as unknown[] | undefined;
      const isOne = list?.some((one) => isSame(one, given.const)) ?? true;
      const values = 'const' in given ? (isOne ? [given.const] : []) : list!;
      const right = values.filter((value) => given.type === undefined || wanted.some(isOf(value)));
      return space.either(right.map((value) => space.text(JSON.stringify(value))));
    }
    return space.either(wanted.map((type) => this.#ofType(type, given)));
  }

  #ofType(type: Type, schema: Schema): Grammar {
    const space = this.#space;
    switch (type) {
      case 'null':
        return space.text('null');
      case 'boolean':
        return space.either([space.text('true'), space.text('false')]);
      case 'number':
      case 'integer':
        return this.#number(schema, type === 'integer');
      case 'string':
        return space.sequence([space.text('"'), this.#stringBody(schema, ''), space.text('"')]);
      case 'array':
        return this.#array(schema);
      case 'object':
        return this.#object(schema);
    }
  }

  #number(schema: Schema, isWhole: boolean): Grammar {
    const space = this.#space;
    const given = (word: string) => schema[word] as number | undefined;
    if (!isWhole && ofType.number.every((word) => given(word) === undefined)) {
      return patternGrammar(
        space,
        '^-?(?:0|[1-9]\\d{0,14})(?:\\.\\d{1,15})?(?:[eE][+-]?\\d\\d?)?$',
      );
    }
    const bounds = [
      [given('minimum'), given('exclusiveMinimum'), 'up'],
      [given('maximum'), given('exclusiveMaximum'), 'down'],
    ] as const;
    const [least, most] = bounds.map(([closed, open, round]) => {
      const inward = round === 'up' ? 1n : -1n;
      const ends = [-inward * largest];
      if (closed !== undefined) ends.push(inUnits(closed, round));
      if (open !== undefined) {
        const end = inUnits(open, round);
        // One that was rounded inward lies within already.
        const isExact = inUnits(open, round === 'up' ? 'down' : 'up') === end;
        ends.push(isExact ? end + inward : end);
      }
      const sorted = ends.sort((a, b) => (a < b ? -1 : 1));
      return round === 'up' ? sorted.at(-1)! : sorted[0]!;
    });
    const step = given('multipleOf');
    let multipleOf = isWhole ? unit : 1n;
    if (step !== undefined) {
      const exact = inUnits(step, 'down');
      if (exact === 0n || exact !== inUnits(step, 'up')) {
        this.#refuse('', `'multipleOf' ${step} has more digits than numbers are written with`);
      }
      multipleOf = leastCommonMultiple(multipleOf, exact);
    }
    const rule = { least: least!, most: most!, multipleOf };
    return NumberText.begin(space, rule);
  }

  /** What stands between the quotes. */
  #stringBody(schema: Schema, path: string): Grammar {
    const { pattern, format, minLength, maxLength } = schema;
    const length = (minLength ?? maxLength) !== undefined;
    if ((pattern !== undefined || format !== undefined) && length) {
      this.#refuse(
        path,
        `'minLength' or 'maxLength' beside 'pattern' or 'format' is not supported`,
      );
    }
    if (pattern !== undefined && format !== undefined) {
      this.#refuse(path, `'format' beside 'pattern' is not supported`);
    }
    if (format !== undefined) {
      const known = typeof format === 'string' && Object.hasOwn(formats, format);
      if (!known) this.#refuse(path, `the format '${String(format)}' is not supported`);
      return patternGrammar(this.#space, `^(?:${formats[format]})$`);
    }
    if (pattern === undefined) {
      const most = (maxLength as number | undefined) ?? Infinity;
      const least = (minLength as number | undefined) ?? 0;
      if (least > most) return this.#space.never;
      return length
        ? this.#space.repeat(characterOf(this.#space, anyPoint), least, most)
        : this.#string;
    }
    if (typeof pattern !== 'string') this.#refuse(path, "'pattern' is not text");
    try {
      return patternGrammar(this.#space, pattern);
    } catch (error) {
      if (!(error instanceof PatternProblem)) throw error;
      return this.#refuse(path, `the pattern ${JSON.stringify(pattern)}: ${error.message}`);
    }
  }

  #array(schema: Schema): Grammar {
    const space = this.#space;
    const { items = true, minItems = 0, maxItems = Infinity } = schema;
    const [least, most] = [minItems as number, maxItems as number];
    if (least > most) return space.never;
    const item = this.#inner(items);
    const [open, close] = [space.text('['), space.text(']')];
    const none = space.sequence([open, this.#gap, close]);
    if (most === 0) return none;
    const next = space.sequence([space.text(','), this.#gap, item]);
    const rest = space.repeat(next, Math.max(0, least - 1), most - 1);
    const some = space.sequence([open, this.#gap, item, rest, this.#gap, close]);
    return least === 0 ? space.either([none, some]) : some;
  }

  #object(schema: Schema): Grammar {
    const space = this.#space;
    const { properties = {}, required = [], additionalProperties = true } = schema;
    const needed = new Set(required as string[]);
    const named = new Map(Object.entries(properties as Schema));
    for (const name of needed) if (!named.has(name)) named.set(name, additionalProperties);
    const close = space.sequence([this.#gap, space.text('}')]);
    const entry = (key: Grammar, value: Grammar) =>
      space.sequence([key, space.text(':'), this.#gap, value]);
    const comma = space.sequence([space.text(','), this.#gap]);
    if (named.size === 0) {
      const free = entry(
        space.sequence([space.text('"'), this.#string, space.text('"')]),
        this.#inner(additionalProperties),
      );
      const some = space.sequence([free, space.repeat(space.sequence([comma, free]))]);
      return space.sequence([space.text('{'), this.#gap, space.optional(some), close]);
    }
    // From the last to the first: what may follow where something stands before, and where nothing does.
    let [behind, begun] = [space.empty, space.empty];
    for (const [name, inner] of [...named].reverse()) {
      const own = entry(space.text(JSON.stringify(name)), this.#inner(inner));
      const next = space.sequence([comma, own, behind]);
      const first = space.sequence([own, behind]);
      const isNeeded = needed.has(name);
      [behind, begun] = [
        isNeeded ? next : space.either([next, behind]),
        isNeeded ? first : space.either([first, begun]),
      ];
    }
    return space.sequence([space.text('{'), this.#gap, begun, close]);
  }

  /** Free values hold themselves, so they are made when they are needed. */
  #inner(schema: unknown): Grammar {
    const isFree =
      schema === true || (typeof schema === 'object' && Object.keys(schema as object).length === 0);
    return isFree ? this.#later('', {}) : this.#value(schema);
  }

  #later(name: string, schema: unknown): Grammar {
    let made: Grammar | null = null;
    return this.#space.later(`${this.#param} ${name}`, () => {
      made ??= this.#value(schema, new Set([name]));
      return made;
    });
  }
}

function isOf(value: unknown): (type: Type) => boolean {
  return (type) => {
    if (type === 'null') return value === null;
    if (type === 'array') return Array.isArray(value);
    if (type === 'integer') return Number.isInteger(value);
    if (type === 'object') {
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    }
    return typeof value === type;
  };
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
