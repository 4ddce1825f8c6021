import { readFileSync } from 'node:fs';
import { InvalidArgumentError, NammError } from '@namm/core';
import { Command, InvalidArgumentError as InvalidArgumentErrorOfCommander } from 'commander';
import { expect, it } from 'vitest';
import { describeError } from './describe-error.js';
import { describeRefusal } from './describe-refusal.js';

const { options } = new Command().option('-m, --max-tokens <count>', '').option('--no-compare', '');

it.each<[string, unknown, string]>([
  ['an error of ours', new NammError('X', 'the model has no head'), 'the model has no head'],
  [
    'an option as its user wrote it',
    new InvalidArgumentError('maxTokens', '0 is too few'),
    '--max-tokens: 0 is too few',
  ],
  [
    'an option that is switched off',
    new InvalidArgumentError('compare', 'is needed'),
    '--no-compare: is needed',
  ],
  [
    'an argument that is not an option',
    new InvalidArgumentError('shape', '[2] is not [3]'),
    'shape: [2] is not [3]',
  ],
  ['several lines', new Error(' one\n   two \n\nthree '), 'one two three'],
  ['what is not an error', 'just a text', 'just a text'],
])('says in one line: %s', (_, error, text) => {
  expect(describeError(error, options)).toBe(text);
});

it('says what the operating system means', () => {
  const problemOf = (path: string) => {
    try {
      readFileSync(path);
    } catch (error) {
      return describeError(error);
    }
    return '';
  };
  expect(problemOf('/nowhere/at/all')).toBe('/nowhere/at/all does not exist');
  expect(problemOf(`${import.meta.filename}/x`)).toBe(
    `${import.meta.filename}/x is a file, where a folder is needed`,
  );
});

/** What commander itself says of wrong arguments. */
function refusalOf(args: string[]): string {
  let said = '';
  const command = new Command('test')
    .exitOverride()
    .requiredOption('-o, --out <file>', '')
    .option('--count <n>', '', (text) => {
      if (text === 'y') throw new InvalidArgumentErrorOfCommander("count: 'y' is wrong.");
      if (text !== '1') throw new InvalidArgumentErrorOfCommander("'x' is not a number.");
      return text;
    })
    .configureOutput({
      outputError: (text) => {
        said = describeRefusal(
          text,
          command.args,
          args.filter((one) => one === '--uot'),
        );
      },
    });
  expect(() => command.parse(args, { from: 'user' })).toThrow();
  return said;
}

it.each([
  [[], '--out: is missing'],
  [['--uot', 'a'], "--out: is missing; '--uot' is not an option"],
  [['--out'], '--out: needs a value'],
  [['-o', 'a', '--count', 'x'], "--count: 'x' is not a number"],
  [['-o', 'a', '--count', 'y'], "--count: 'y' is wrong"],
  [
    ['-o', 'a', 'b'],
    "'b' is not a command, nor does it belong to an option; --help shows what there is",
  ],
  [['-o', 'a', '--cuont', '1'], "unknown option '--cuont' (Did you mean --count?)"],
])('refuses %j in the form of all errors', (args, text) => {
  expect(refusalOf(args)).toBe(text);
});
