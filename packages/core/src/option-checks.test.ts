import { expect, it } from 'vitest';
import {
  checkChoice,
  checkInteger,
  checkNames,
  checkNumber,
  checkShare,
  checkSignal,
  finiteNumbers,
} from './option-checks.js';

it.each<[string, () => unknown, RegExp]>([
  [
    'an unknown name',
    () => checkNames('h2o', { budgt: 1 } as { budget?: 1 }, ['budget']),
    /budgt: is no option of h2o; there are budget\. Did you mean budget\?/,
  ],
  [
    'another spelling',
    () => checkNames('h2o', { recent_share: 1 } as never, ['recentShare'] as never[]),
    /there are recentShare\. Did you mean recentShare\?/,
  ],
  [
    "another library's name",
    () => checkNames('h2o', { size: 1 } as never, ['budget'] as never[], { size: 'budget' }),
    /there are budget\. Did you mean budget\?/,
  ],
  ['a list of options', () => checkNames('h2o', [], []), /h2o needs an object/],
  ['a misspelt choice', () => checkChoice('kind', 'Exakt', ['exact']), /did you mean 'exact'\?/],
  ['no options', () => checkNames('h2o', null as never, []), /h2o needs an object/],
  ['half an integer', () => checkInteger('count', 1.5, 1), /count: 1\.5 is not an integer/],
  ['NaN', () => checkNumber('sigma', Number.NaN, 0), /sigma: NaN is not a finite number of at/],
  ['a text', () => checkNumber('sigma', '1' as never), /sigma: 1 is not a finite number/],
  ['too much', () => checkNumber('rate', 2, 0, 1), /from 0 to 1/],
  ['a share above 1', () => checkShare('share', 1.1), /between 0 and 1/],
  ['a wrong choice', () => checkChoice('kind', 'c', ['a', 'b']), /'c' is not one of a, b/],
  ['no signal', () => checkSignal({}), /AbortController/],
  ['null among numbers', () => finiteNumbers('mean', [1, null as never], 2), /number 1 is null/],
  ['a hole', () => finiteNumbers('mean', new Array(1), 1), /number 0 is undefined/],
  ['a text among numbers', () => finiteNumbers('mean', ['1' as never], 1), /number 0 is 1/],
  ['too few numbers', () => finiteNumbers('mean', [1], 2), /has 1 numbers, not 2/],
])('refuses %s', (_, call, message) => {
  expect(call).toThrow(message);
});

it('takes what is right, and options that are undefined as left out', () => {
  const options: { budget?: number; other?: number } = { budget: 1 };
  expect(checkNames('h2o', options, ['budget'])).toBe(options);
  expect(() => checkNames('h2o', { other: undefined } as never, ['budget'])).not.toThrow();
  expect(finiteNumbers('mean', Float32Array.of(1, 2), 2)).toEqual(Float64Array.of(1, 2));
  checkSignal(undefined);
  checkSignal(new AbortController().signal);
  checkNumber('sigma', -1);
});
