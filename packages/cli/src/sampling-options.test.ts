import { Command } from '@commander-js/extra-typings';
import { expect, it } from 'vitest';
import { givenFlag } from './given-flag.js';
import { addSamplingOptions, samplingOf } from './sampling-options.js';

const commandOf = (...args: string[]) =>
  addSamplingOptions(new Command().exitOverride().option('--seed <n>', 'seed', Number, 1))
    .configureOutput({ writeErr() {} })
    .parse(args, { from: 'user' });

it('gives what was given, so that the model’s folder says the rest', () => {
  expect(samplingOf(commandOf().opts())).toEqual({});
  const given = ['--temperature', '0', '--top-k', '0', '--top-p', '0.9', '--min-p', '0.05'];
  expect(samplingOf(commandOf(...given, '--repetition-penalty', '1.1').opts())).toEqual({
    ...{ temperature: 0, topK: 0, topP: 0.9, minP: 0.05, repetitionPenalty: 1.1 },
  });
});

it.each([
  ['--temperature', '-1'],
  ['--top-k', '1.5'],
  ['--top-p', '1.1'],
  ['--min-p', 'x'],
  ['--repetition-penalty', '0'],
])('refuses %s %s', (...args) => {
  expect(() => commandOf(...args)).toThrow(args[0]);
});

it('names the first flag that was given, and none for defaults', () => {
  const command = commandOf('--top-k', '3', '--min-p', '0');
  expect(givenFlag(command, (name) => name !== 'topK')).toBe('--min-p');
  expect(givenFlag(command, (name) => name === 'seed')).toBeUndefined();
});
