import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { Questions } from './questions.js';

it('gives questions when they are due, and the rest in the order they came', async () => {
  const questions = new Questions(Readable.from(['@9 later\n@2.5 Who?\n\nnow\n', '@x odd\n']));
  const first = await questions.next();
  expect(first).toEqual({ time: 9, text: 'later' });
  expect(questions.due(2)).toEqual({ time: null, text: 'now' });
  expect(questions.due(2)).toEqual({ time: null, text: '@x odd' });
  expect(questions.due(2)).toBeNull();
  expect(questions.due(2.5)).toEqual({ time: 2.5, text: 'Who?' });
  expect(await questions.next()).toBeNull();
});

it('waits for a question that is still to come', async () => {
  const input = new Readable({ read() {} });
  const questions = new Questions(input);
  const next = questions.next();
  setImmediate(() => input.push('What now?\n'));
  expect(await next).toEqual({ time: null, text: 'What now?' });
  input.push(null);
  expect(await questions.next()).toBeNull();
});
