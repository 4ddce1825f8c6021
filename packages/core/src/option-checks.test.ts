import { expect, it } from 'vitest';
import {
  checkChoice,
  checkInteger,
  checkNames,
  checkNumber,
  checkShare,
  checkSignal,
} from './option-checks.js';

const isAny = (value: number) => !Number.isNaN(value);

it.each<[string, () => unknown, RegExp]>([
  [
    'an unknown name',
    () => checkNames('h2o', { budgt: 1 } as { budget?: 1 }, ['budget']),
    /budgt: is not an option of h2o; there are budget\. Did you mean budget\?/,
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
  ['NaN', () => checkNumber('sigma', Number.NaN, isAny, 'a number'), /sigma: NaN is not a number/],
  ['a text', () => checkNumber('sigma', '1' as never, isAny, 'a number'), /sigma: '1' is not a/],
  [
    'too much',
    () => checkNumber('rate', 2, (x) => x <= 1, 'at most 1'),
    /rate: 2 is not at most 1/,
  ],
  ['a share above 1', () => checkShare('share', 1.1), /between 0 and 1/],
  ['a wrong choice', () => checkChoice('kind', 'c', ['a', 'b']), /'c' is not one of a, b/],
  ['no word at all', () => checkChoice('kind', null as never, ['a']), /null is not one of a/],
  [
    "another library's word",
    () => checkChoice('model', 'diagonal', ['full', 'sep'], { diagonal: 'sep' }),
    /did you mean 'sep'\?/,
  ],
  ['no signal', () => checkSignal({}), /AbortController/],
])('refuses %s', (_, call, message) => {
  expect(call).toThrow(message);
});

it('takes what is right, and options that are undefined as left out', () => {
  const options: { budget?: number; other?: number } = { budget: 1 };
  expect(checkNames('h2o', options, ['budget'])).toBe(options);
  expect(() => checkNames('h2o', { other: undefined } as never, ['budget'])).not.toThrow();
  checkSignal(undefined);
  checkSignal(new AbortController().signal);
  expect(checkNumber('sigma', -1, isAny, 'a number')).toBe(-1);
});
