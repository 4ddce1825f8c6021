import { Command } from '@commander-js/extra-typings';
import { expect, it } from 'vitest';
import { addRopeScalingOptions, ropeScalingOf } from './rope-scaling-options.js';

const parsed = (args: string[]) =>
  addRopeScalingOptions(new Command().exitOverride(), '1 if left out', 2)
    .configureOutput({ writeErr() {} })
    .parse(args, { from: 'user' })
    .opts();

it('gives what the decoder takes', () => {
  expect(ropeScalingOf(parsed([]))).toEqual({ factor: 1, kind: 'ntk', alpha: 2, logitFactor: 1 });
  expect(ropeScalingOf(parsed([]), 6).factor).toBe(6);
  const given = ['--rope-factor', '4', '--rope-alpha', '3', '--logit-factor', '1.25'];
  expect(ropeScalingOf(parsed(given), 6)).toEqual({
    ...{ factor: 4, kind: 'ntk', alpha: 3, logitFactor: 1.25 },
  });
  expect(ropeScalingOf(parsed([...given, '--rope-scaling', 'yarn']))).toEqual({
    ...{ factor: 4, kind: 'yarn', alpha: 1, logitFactor: 1.25 }, // alpha belongs to ntk
  });
});

it.each([
  ['--rope-factor', '0'],
  ['--rope-alpha', '-1'],
  ['--logit-factor', 'x'],
  ['--rope-scaling', 'linear'],
])('refuses %s %s', (...args) => {
  expect(() => parsed(args)).toThrow(args[0]);
});
