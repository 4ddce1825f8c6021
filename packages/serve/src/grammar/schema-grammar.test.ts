import { InvalidArgumentError, Random } from '@namm/core';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GrammarSpace } from './grammar.js';
import { schemaGrammar } from './schema-grammar.js';
import { TokenConstraint } from './token-constraint.js';
import { Vocabulary } from './vocabulary.js';

/** All bytes, and tokens of several that begin and end within things. */
const tokens = [
  ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
  ...[
    '{"',
    '":',
    '", "',
    '"}',
    '}}',
    '],',
    '[{',
    ': null',
    'true',
    'e1',
    '12',
    '-0',
    '.5',
    '\n  "',
  ].map((text) => new TextEncoder().encode(text)),
  Uint8Array.of(0x22, 0xf0, 0x9f),
];
const end = tokens.length;
const vocabulary = new Vocabulary(
  { tokenOf: String, isSpecial: () => false, bytesOf: (id) => tokens[id]! },
  tokens.length,
  [end],
  new Set(),
);

const ajv = new Ajv({ strict: false, allErrors: false, multipleOfPrecision: 9 });
addFormats.default(ajv);

/** An answer of random logits, with tokens that close things a little likelier; null when it is too long. */
function sampled(schema: unknown, seed: number): string | null {
  const space = new GrammarSpace();
  const constraint = new TokenConstraint(space, schemaGrammar(space, schema, 'schema'), vocabulary);
  const answer = constraint.begin();
  const random = new Random(seed);
  const bytes: number[] = [];
  for (let count = 0; count < 600; count++) {
    if (answer.isOver) return decoded(bytes);
    const logits = Float32Array.from({ length: end + 1 }, () => 3 * random.uniform());
    for (const closing of ['"', '}', ']']) logits[closing.charCodeAt(0)]! += count / 40;
    answer.restrict(logits, [end]);
    const open = [...logits.keys()].filter((id) => logits[id] !== -Infinity);
    const id = open.reduce((best, other) => (logits[other]! > logits[best]! ? other : best));
    if (id === end) return decoded(bytes);
    bytes.push(...tokens[id]!);
    answer.accept(id);
  }
  return null;
}

function decoded(bytes: readonly number[]): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes));
}

function expectValid(schema: object | boolean, text: string): void {
  const value: unknown = JSON.parse(text);
  const isValid = ajv.validate(schema, value);
  expect(isValid, `${text} of ${JSON.stringify(schema)}: ${ajv.errorsText()}`).toBe(true);
}

const scalar = fc.oneof(
  fc.string(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
);
const numbers = fc
  .record(
    {
      minimum: fc.oneof(
        fc.integer({ min: -2000, max: 2000 }),
        fc.double({ min: -9, max: 9, noNaN: true }),
      ),
      exclusiveMaximum: fc.integer({ min: 2001, max: 90_000 }),
      multipleOf: fc.constantFrom(1, 2, 7, 0.5, 0.25, 100),
    },
    { requiredKeys: [] },
  )
  .chain((rule) => fc.constantFrom('integer', 'number').map((type) => ({ type, ...rule })));
const patterns = fc.constantFrom(
  ...[
    '^[a-z]{2,5}$',
    '^\\d{3}-\\d{4}$',
    'ab+c',
    '^(foo|bär|"x")+$',
    '^[^a-z\\s]{1,4}$',
    '^a?b*\\.$',
  ],
  ...['^\\w+@\\w+$', '[\\u{1F600}-\\u{1F64F}]$', '^(?:a|b){0,3}$|^z$', '^[\\]\\-x]*$'],
);
const formats = fc.constantFrom(
  ...['date', 'time', 'date-time', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid'],
);
const { schema: schemas } = fc.letrec<{ schema: object }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    fc.constantFrom<object>({ type: 'null' }, { type: 'boolean' }, { type: 'string' }, {}),
    numbers,
    fc.record({
      type: fc.constant('string'),
      minLength: fc.nat(4),
      maxLength: fc.integer({ min: 4, max: 9 }),
    }),
    patterns.map((pattern) => ({ type: 'string', pattern })),
    formats.map((format) => ({ type: 'string', format })),
    fc
      .uniqueArray(scalar, {
        minLength: 1,
        maxLength: 4,
        selector: (value) => JSON.stringify(value),
      })
      .map((values) => ({ enum: values })),
    scalar.map((value) => ({ const: value })),
    fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    fc
      .record({
        items: tie('schema'),
        minItems: fc.nat(2),
        maxItems: fc.integer({ min: 2, max: 4 }),
      })
      .map((rest) => ({ type: 'array', ...rest })),
    fc
      .record({
        properties: fc.dictionary(fc.string(), tie('schema'), { maxKeys: 4 }),
        isStrict: fc.boolean(),
        drop: fc.nat(4),
      })
      .map(({ properties, isStrict, drop }) => ({
        ...{ type: 'object', properties, ...(isStrict && { additionalProperties: false }) },
        required: Object.keys(properties).slice(drop),
      })),
    fc.constant({ type: ['string', 'null', 'integer'] }),
  ),
}));

describe('the grammar of a schema', () => {
  it('lets nothing be written that is not valid, whatever the logits', () => {
    let whole = 0;
    fc.assert(
      fc.property(schemas, fc.nat(1e6), (schema, seed) => {
        const text = sampled(schema, seed);
        if (text === null) return;
        whole++;
        expectValid(schema, text);
      }),
      { numRuns: 150, seed: 20 },
    );
    expect(whole).toBeGreaterThan(130);
  });

  it('takes any valid text that is written in its form', () => {
    fc.assert(
      fc.property(schemas, fc.nat(1e6), (schema, seed) => {
        const text = sampled(schema, seed);
        if (text === null || JSON.stringify(schema).includes('minimum')) return;
        // Without gaps, and with one in each place.
        const value: unknown = JSON.parse(text);
        expect(accepts(schema, text)).toBe(true);
        if (!/\d[.eE]|\d{16}/.test(text)) expect(accepts(schema, JSON.stringify(value))).toBe(true);
      }),
      { numRuns: 50, seed: 21 },
    );
  });

  it.each<[object, string[], string[]]>([
    [
      { type: 'integer', minimum: 3, maximum: 12 },
      ['3', '12'],
      ['2', '13', '03', '-3', '3.0', '1e1'],
    ],
    [
      { type: 'number', exclusiveMinimum: 0, maximum: 1 },
      ['0.5', '1', '1.0'],
      ['0', '0.0', '1.01', '-0.1'],
    ],
    [
      { type: 'number', multipleOf: 0.25, maximum: -1 },
      ['-1', '-1.25', '-1.50'],
      ['-1.3', '-0.75', '-0'],
    ],
    [{ type: 'integer', multipleOf: 7 }, ['0', '7', '-14'], ['8', '1']],
    [{ type: 'number' }, ['1e5', '-0.25', '12'], ['+1', '.5', '1.', '1e999']],
    [
      { type: 'string', maxLength: 2 },
      ['"é\\n"', '"\u{1F600}x"'],
      ['"abc"', "'a'", '"\n"', '"\\ud800"'],
    ],
    [{ type: 'string', pattern: '^a$|b' }, ['"a"', '"xbx"'], ['"xa"', '"c"']],
    [
      { type: 'string', format: 'date' },
      ['"2024-02-29"', '"2026-11-30"'],
      ['"2023-02-29"', '"2026-11-31"'],
    ],
    [
      { type: 'array', items: { type: 'null' }, minItems: 1 },
      ['[null]', '[ null, null]'],
      ['[]', '[null,]'],
    ],
    [{ enum: ['a', 1, null], type: ['string', 'null'] }, ['"a"', 'null'], ['1', '"b"']],
    [{ const: { a: [1] } }, ['{"a":[1]}'], ['{"a": [1]}', '{}']],
    [
      { type: 'object', properties: { a: true, b: { type: 'null' } }, required: ['b'] },
      ['{"b":null}', '{\n  "a": {"x": [1]},\n  "b": null\n}'],
      ['{"a":1}', '{"b":null,"a":1}', '{"b":null,}', '{"b":null,"c":1}'],
    ],
    [
      { type: 'object', additionalProperties: { type: 'boolean' } },
      ['{}', '{"x":true,"y": false}'],
      ['{"x":1}', '{x:true}'],
    ],
    [
      {
        $ref: '#/$defs/list',
        $defs: { list: { type: 'object', properties: { next: { $ref: '#/$defs/list' } } } },
      },
      ['{}', '{"next":{"next":{}}}'],
      ['{"next":1}'],
    ],
    [
      {
        anyOf: [{ $ref: '#/$defs/never' }, { type: 'null' }],
        $defs: {
          never: { type: 'object', properties: { a: { $ref: '#/$defs/never' } }, required: ['a'] },
        },
      },
      ['null'],
      ['{"a":{}}'],
    ],
    [{ type: 'string', pattern: '^[\\ud83d\\ude00-\\ud83d\\ude02]$' }, ['"😀"', '"😂"'], ['"😃"']],
  ])('of %j takes %j, and not %j', (schema, right, wrong) => {
    for (const text of right) {
      expect(accepts(schema, text), text).toBe(true);
      expectValid(schema, text);
    }
    for (const text of wrong) expect(accepts(schema, text), text).toBe(false);
  });

  it.each<[unknown, string]>([
    [{ oneOf: [] }, "schema: 'oneOf' is not supported"],
    [
      { type: 'object', properties: { a: { not: {} } } },
      "at /properties/a: 'not' is not supported",
    ],
    [{ type: 'array', uniqueItems: true }, "'uniqueItems' is not supported"],
    [{ type: 'string', format: 'uri' }, "the format 'uri' is not supported"],
    [{ type: 'string', pattern: 'a(?=b)' }, 'looking ahead or behind is not supported'],
    [{ type: 'string', pattern: '(a)\\1' }, '\\1 is not supported'],
    [{ type: 'string', pattern: '(' }, 'the pattern "("'],
    [{ type: 'string', pattern: 'a', minLength: 3 }, "'minLength' or 'maxLength' beside 'pattern'"],
    [{ $ref: '#/$defs/none' }, "there is no '#/$defs/none'"],
    [{ $ref: 'https://x.example/y' }, "'$ref' has to begin with '#'"],
    [{ anyOf: [{}], type: 'string' }, "'type' beside 'anyOf'"],
    [{ type: 'strin' }, "'strin' is not a type"],
    [{ type: 'array', items: [{}] }, 'at /items: is not a schema'],
    [{ type: 'integer', minimum: 2, maximum: 1 }, 'no text can keep to it'],
    [{ properties: { a: { $ref: '#' } }, required: ['a'] }, 'no text can keep to it'],
    [{ type: 'array', minItems: -1 }, "'minItems' is not a whole number"],
    [{ type: 'number', multipleOf: 0 }, "'multipleOf' is not above 0"],
    [{ $ref: '#/$defs/%', $defs: {} }, "'#/$defs/%' is not percent-encoded"],
    [{ type: 'string', pattern: 'a'.repeat(1025) }, 'more than 1024 characters'],
    [7, 'is not a schema'],
  ])('of %j is refused by name', (schema, message) => {
    const make = () => schemaGrammar(new GrammarSpace(), schema, 'schema');
    expect(make).toThrow(InvalidArgumentError);
    expect(make).toThrow(message);
  });
});

it('takes nothing from references that come back to themselves with nothing written between', () => {
  const schema = {
    anyOf: [{ $ref: '#/$defs/a' }, { $ref: '#' }],
    $defs: {
      a: { anyOf: [{ $ref: '#/$defs/b' }, { type: 'string' }] },
      b: { anyOf: [{ $ref: '#/$defs/a' }, { type: 'array', items: { $ref: '#' } }] },
    },
  };
  for (const text of ['"a"', '[]', '["a", [["b"]]]']) expect(accepts(schema, text)).toBe(true);
  for (const text of ['null', '[1]']) expect(accepts(schema, text)).toBe(false);
});

it('holds schemas of thousands of names and values', () => {
  const names = Array.from({ length: 3000 }, (_, i) => `name ${i}`);
  const properties = Object.fromEntries(names.map((name) => [name, { const: 1 }]));
  const value = Object.fromEntries(names.map((name) => [name, 1]));
  const text = JSON.stringify(value).replaceAll(':', ': ');
  expect(accepts({ properties, required: names }, text)).toBe(true);
  expect(accepts({ enum: names }, '"name 2999"')).toBe(true);
  const pattern = `^${'('.repeat(500)}a${')'.repeat(500)}$`;
  expect(accepts({ type: 'string', pattern }, '"a"')).toBe(true);
});

it('names a long text once, not at each of its bytes', () => {
  const long = 'x'.repeat(50_000);
  const space = new GrammarSpace();
  let grammar = schemaGrammar(space, { enum: [long, `${long}y`] }, 'schema');
  const before = process.memoryUsage().heapUsed;
  for (const byte of new TextEncoder().encode(`"${long}`)) grammar = space.after(grammar, byte);
  // Names of what is left, one for each byte, would be 10 GB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(300e6);
  const after = (text: string) =>
    new TextEncoder().encode(text).reduce((left, byte) => space.after(left, byte), grammar);
  expect([after('"').isNullable, after('y"').isNullable, after('z"').isNullable]).toEqual([
    ...[true, true, false],
  ]);
});

it('refuses objects of which too much may be left out', () => {
  const properties = Object.fromEntries(
    Array.from({ length: 1001 }, (_, i) => [`name ${i}`, { const: 1 }]),
  );
  expect(() => accepts({ properties }, '{}')).toThrow('more than 1000 properties are not required');
  expect(accepts({ properties, required: ['name 7'] }, '{"name 7": 1}')).toBe(true);
});

it('follows all that may be left out, and gives up repeats of repeats before they take over', () => {
  const optional = { type: 'string', pattern: `^${'a?'.repeat(500)}$` };
  expect(accepts(optional, `"${'a'.repeat(300)}"`)).toBe(true);
  expect(accepts(optional, `"${'a'.repeat(501)}"`)).toBe(false);
  const words = { type: 'string', pattern: '^([a-z]{1,20} ){1,500}$' };
  expect(accepts(words, `"${'some words '.repeat(200)}"`)).toBe(true);
  const repeats = { type: 'string', pattern: '^(a{1,1000}){1,1000}$' };
  expect(accepts(repeats, '"aaaa"')).toBe(true);
  expect(() => accepts(repeats, `"${'a'.repeat(300)}"`)).toThrow('in more than 1000 ways');
});

/** Whether a text is one of the grammar, byte by byte. */
function accepts(schema: unknown, text: string): boolean {
  const space = new GrammarSpace();
  let grammar = schemaGrammar(space, schema, 'schema');
  for (const byte of new TextEncoder().encode(text)) grammar = space.after(grammar, byte);
  return grammar.isNullable;
}
