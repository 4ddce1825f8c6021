import { expect, it } from 'vitest';
import { describeIssue } from './describe-issue.js';
import * as z from './schema.js';

const part = z.looseObject({ type: z.literal('text'), text: z.string() });

it.each<[z.ZodType, unknown, string]>([
  [z.string(), undefined, 'is missing'],
  [z.string(), 4, '4 is not text'],
  [z.int(), 1.5, '1.5 is not a whole number'],
  [z.number(), 'hot', "'hot' is not a number"],
  [z.number(), Number.NaN, 'NaN is not a number'],
  [z.boolean(), 'true', "'true' is not true or false"],
  [z.object({}), null, 'null is not an object'],
  [z.array(z.string()), {}, 'an object is not a list'],
  [z.int().min(1), 0, '0 is below 1'],
  [z.int().max(5), 9, '9 is above 5'],
  [z.number().gt(0), 0, '0 is not above 0'],
  [z.number().lt(1), 1, '1 is not below 1'],
  [z.int(), 2 ** 60, `${2 ** 60} is above ${Number.MAX_SAFE_INTEGER}`],
  [z.array(z.string()).min(1), [], 'is empty'],
  [z.array(z.string()).max(1), ['', ''], 'has 2 items; there may be 1 at most'],
  [z.string().max(2), 'abc', 'has 3 characters; there may be 2 at most'],
  [z.string().min(1), '', 'is empty'],
  [z.string().regex(/^a/), 'b', "'b' is not of the form /^a/"],
  [z.string().regex(/^a/, 'must begin with a'), 'b', 'must begin with a'],
  [z.enum(['user', 'tool']), 'usr', "'usr' is none of user, tool; did you mean 'user'?"],
  [z.enum(['user', 'tool']), undefined, "is missing; it is 'user' or 'tool'"],
  [z.enum(['user', 'tool']), 3, '3 is none of user, tool'],
  [z.literal('function'), 'x', "'x' is not 'function'"],
  [
    z.strictObject({ policies: z.string().optional() }),
    { polices: 1 },
    "'polices' is none of policies; did you mean 'policies'?",
  ],
  [z.union([z.string(), z.number()]), true, 'true is neither text nor a number'],
  [z.union([z.string(), z.number()]), undefined, 'is missing'],
  [z.union([z.string(), z.array(z.string().min(1))]), ['a', ''], 'is empty'],
  [z.union([z.string(), z.array(part)]), [{ type: 'text' }], '0.text: is missing'],
  [
    z.union([part, z.looseObject({ type: z.literal('file') })]),
    { type: 'text' },
    'text: is missing',
  ],
  [z.record(z.string().regex(/^\d+$/, 'names are ids'), z.number()), { a: 1 }, 'names are ids'],
  [z.string(), 'x'.repeat(9), ''],
])('says what is wrong: %#', (schema, value, text) => {
  const result = schema.safeParse(value, { error: describeIssue });
  expect(result.error?.issues[0]?.message ?? '').toBe(text);
});

it('leaves to zod what it cannot name', () => {
  const form = z.union([part, z.looseObject({ type: z.literal('file') })]);
  expect(describeIssue({ code: 'not_multiple_of', input: 3 })).toBeUndefined();
  expect(
    form.safeParse({ type: 'image' }, { error: describeIssue }).error?.issues[0]?.message,
  ).toBe('Invalid input');
});
