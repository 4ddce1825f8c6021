import { readFileSync } from 'node:fs';
import { InvalidArgumentError, NammError } from '@namm/core';
import { PositionLimitError } from '@namm/decoder';
import { Command } from 'commander';
import { expect, it } from 'vitest';
import { describeError } from './describe-error.js';

const { options } = new Command()
  .option('-m, --max-tokens <count>', '')
  .option('--no-compare', '')
  .option('--lengths <list>', '');

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
    'one value of an option that takes several',
    new InvalidArgumentError('length', '20 tokens are too few'),
    '--lengths: 20 tokens are too few',
  ],
  [
    'an argument that is not an option',
    new InvalidArgumentError('shape', '[2] is not [3]'),
    'shape: [2] is not [3]',
  ],
  [
    'an option in the advice',
    new InvalidArgumentError('text', 'is short; set `maxTokens` to 3, not `other`'),
    'text: is short; set --max-tokens to 3, not `other`',
  ],
  ['several lines', new Error(' one\n   two \n\nthree '), 'one two three'],
  ['what is not an error', 'just a text', 'just a text'],
])('says in one line: %s', (_, error, text) => {
  expect(describeError(error, options)).toBe(text);
});

it('advises of a model that is too short only what the command offers', () => {
  const error = new PositionLimitError(114, 80, 'Scale its positions.');
  const rope = new Command().option('--rope-factor <factor>', '');
  const few = describeError(error, rope.options);
  expect(few).toMatch(/would take 114 positions.* has 80; give --rope-factor, or a shorter text$/);
  const both = rope.option('--budget <budget>', '').option('--compact', '');
  expect(describeError(error, both.options)).toContain(
    'give --budget in tokens or bytes, --compact, --rope-factor, or',
  );
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
