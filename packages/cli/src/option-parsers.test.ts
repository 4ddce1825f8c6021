import { availableParallelism } from 'node:os';
import { InvalidArgumentError as CoreError } from '@namm/core';
import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import {
  count,
  countUpTo,
  fraction,
  fromZero,
  listOf,
  listOrNone,
  nameFrom,
  number,
  numberFromZero,
  positiveNumber,
  readBy,
  share,
  threadCount,
} from './option-parsers.js';

const cores = availableParallelism();

/** Per parser: texts with their values, and texts that it refuses. */
const parsers: [string, (text: string) => number, [string, number][], string[]][] = [
  [
    'count',
    count,
    [
      ['1', 1],
      ['1000', 1000],
      ['1e3', 1000],
    ],
    ['0', '-1', '1.5', '', ' ', 'x', '1x', '1e16', 'Infinity'],
  ],
  ['countUpTo(5)', countUpTo(5), [['5', 5]], ['0', '6', '']],
  [
    'fromZero',
    fromZero,
    [
      ['0', 0],
      ['7', 7],
    ],
    ['-1', '0.5', '', ' ', 'NaN', '9007199254740992'],
  ],
  [
    'number',
    number,
    [
      ['-1.5', -1.5],
      ['0', 0],
      ['1e-3', 0.001],
    ],
    ['', ' ', 'x', 'Infinity', 'NaN', '1,5'],
  ],
  ['positiveNumber', positiveNumber, [['0.5', 0.5]], ['0', '-1', '', 'Infinity']],
  [
    'numberFromZero',
    numberFromZero,
    [
      ['0', 0],
      ['0.7', 0.7],
    ],
    ['-0.1', '', 'NaN'],
  ],
  [
    'fraction',
    fraction,
    [
      ['0', 0],
      ['1', 1],
      ['0.25', 0.25],
    ],
    ['1.01', '-0.1', '', ' ', 'x'],
  ],
  ['share', share, [['0.25', 0.25]], ['0', '1', '', '-1', 'x', '25%']],
  [
    'threadCount',
    threadCount,
    [
      ['1', 1],
      [`${cores}`, cores],
    ],
    ['0', `${cores + 1}`, '', '1.5'],
  ],
];

describe.each(parsers)('%s', (_, parse, right, wrong) => {
  it.each(right)('reads %j', (text, value) => expect(parse(text)).toBe(value));

  it.each(wrong)('refuses %j by its text', (text) => {
    expect(() => parse(text)).toThrow(InvalidArgumentError);
    expect(() => parse(text)).toThrow(`'${text}'`);
  });
});

it('reads lists, names, and none', () => {
  expect(listOf(count)('1, 2,3')).toEqual([1, 2, 3]);
  expect(() => listOf(count)('1,,2')).toThrow("''");
  const name = nameFrom(['h2o', 'tova'] as const);
  expect(listOf(name)('tova,h2o')).toEqual(['tova', 'h2o']);
  expect(() => name('H2O')).toThrow("'H2O' is none of h2o, tova; did you mean 'h2o'?");
  expect(() => name('none')).toThrow(InvalidArgumentError);
  expect(listOrNone(name)('none')).toEqual([]);
  expect(listOrNone(name)('h2o')).toEqual(['h2o']);
  expect(() => listOrNone(name)('none,h2o')).toThrow("'none'");
});

it('makes the refusal of a reader that of the option, and hides no fault of ours', () => {
  const read = (text: string) => {
    if (text === 'broken') throw new TypeError('a fault');
    if (text !== 'right') throw new CoreError('extension', `'${text}' is wrong`);
    return text;
  };
  expect(readBy(read)('right')).toBe('right');
  expect(() => readBy(read)('x')).toThrow(InvalidArgumentError);
  expect(() => readBy(read)('x')).toThrow("extension: 'x' is wrong.");
  expect(() => readBy(read)('broken')).toThrow(TypeError);
});
