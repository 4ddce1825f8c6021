import { InvalidArgumentError } from '@namm/core';
import { expect, it } from 'vitest';
import type { Budget, BudgetInput } from './budget.js';
import { parseBudget } from './budget.js';

it.each<[BudgetInput, Budget]>([
  [1, { kind: 'tokens', tokens: 1 }],
  [512, { kind: 'tokens', tokens: 512 }],
  ['512', { kind: 'tokens', tokens: 512 }],
  [0.25, { kind: 'share', share: 0.25 }],
  ['0.25', { kind: 'share', share: 0.25 }],
  ['.5', { kind: 'share', share: 0.5 }],
  ['25%', { kind: 'share', share: 0.25 }],
  [' 12.5 % ', { kind: 'share', share: 0.125 }],
  ['100%', { kind: 'share', share: 1 }],
  ['800B', { kind: 'bytes', bytes: 800 }],
  ['64KB', { kind: 'bytes', bytes: 64_000 }],
  ['64mb', { kind: 'bytes', bytes: 64_000_000 }],
  ['1.5 GB', { kind: 'bytes', bytes: 1_500_000_000 }],
  ['64KiB', { kind: 'bytes', bytes: 65_536 }],
  ['64MiB', { kind: 'bytes', bytes: 67_108_864 }],
  ['2GiB', { kind: 'bytes', bytes: 2_147_483_648 }],
  [
    { kind: 'share', share: 0.5 },
    { kind: 'share', share: 0.5 },
  ],
])('reads %j', (input, budget) => {
  expect(parseBudget(input)).toEqual(budget);
});

const bad = [
  0,
  -1,
  1.5,
  Number.NaN,
  Infinity,
  2 ** 60,
  '',
  '0',
  '-5',
  '0%',
  '101%',
  '1.5',
  '0.0001KB',
];
const worse = [
  'many',
  '5 apples',
  '64 MB MB',
  '1e3',
  '0x10',
  null,
  undefined,
  {},
  { kind: 'share', share: 2 },
];

it.each([...bad, ...worse])('refuses %j and says what is allowed', (input) => {
  const parse = () => parseBudget(input as BudgetInput, '--budget');
  expect(parse).toThrow(InvalidArgumentError);
  expect(parse).toThrow(/^--budget: .*tokens per head.*share.*bytes/);
});
