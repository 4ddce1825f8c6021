import { InvalidArgumentError } from '@namm/core';
import { openSafetensors } from '@namm/tensors';
import { expect, it } from 'vitest';
import { taughtFile, taughtNameFor, taughtNames } from './taught-file.js';

it.each(taughtNames)('knows which model %s was taught on', async (name) => {
  const { metadata } = await openSafetensors(taughtFile(name));
  const { model } = JSON.parse(metadata.get('settings')!) as { model: string };
  expect(taughtNameFor(model)).toBe(name);
});

it('knows no scorer of other models', () => {
  expect(taughtNameFor('something')).toBeNull();
  expect(taughtNameFor(undefined)).toBeNull();
  expect(() => taughtFile('gpt' as 'nano-llama')).toThrow(InvalidArgumentError);
});
