import { expect, it } from 'vitest';
import { parseEnvironment } from './parse-environment.js';

it('reads names, options and JSON', () => {
  expect(parseEnvironment('hopper')).toEqual({ name: 'hopper' });
  expect(parseEnvironment('t-maze:length=1000, cue=start')).toEqual({
    ...{ name: 't-maze', length: 1000, cue: 'start' },
  });
  const nested = { name: 't-maze', length: 9, noisyHistory: { steps: 3 } };
  expect(parseEnvironment(JSON.stringify(nested))).toEqual(nested);
});

it('refuses what is none of these', () => {
  for (const [text, message] of [
    ['hoper', /did you mean 'hopper'/],
    ['', /is not one of/],
    ['t-maze:', /'' is not of the form OPTION=VALUE/],
    ['t-maze:length', /'length' is not of the form OPTION=VALUE/],
    ['t-maze:length=1=2', /OPTION=VALUE/],
    ['t-maze:length=1,length=2', /appears twice/],
    ['t-maze:name=hopper', /appears twice/],
    ['{"name":', /is not valid JSON/],
    ['{"length":5}', /undefined is not one of/],
  ] as const) {
    expect(() => parseEnvironment(text), text).toThrow(message);
  }
});
