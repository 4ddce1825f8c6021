import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileFormatError, InvalidArgumentError } from '@namm/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chooseExtensions, type TunedModel } from './choose-extensions.js';
import { tunedExtensionsFile, writeTunedExtensions } from './tuned-extensions.js';

let folder: string;
let model: TunedModel;
const best = { kind: 'yarn', alpha: 1, logitFactor: 1.5 } as const;
const given = { kind: 'ntk', alpha: 3, logitFactor: 1 } as const;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-extensions-'));
  model = { folder, name: 'nano', version: 'abc' } as TunedModel;
  await writeTunedExtensions(join(folder, tunedExtensionsFile), {
    model: 'abc',
    best: { 4: best },
  });
});
afterAll(() => rm(folder, { recursive: true }));

it('takes what is given, and what was tuned for the model and factor', async () => {
  const [first, second] = await chooseExtensions([given, 'tuned'], [model]);
  expect(first!(model, 4)).toEqual(given);
  expect(second!(model, 4)).toEqual(best);
  expect(() => second!(model, 8)).toThrow(InvalidArgumentError);
  expect(() => second!(model, 8)).toThrow('×8 was not tuned for nano');
});

it('reads a file only for what was tuned, and refuses that of another model', async () => {
  const other = { ...model, version: 'def' };
  expect(await chooseExtensions([given], [other], join(folder, 'none'))).toHaveLength(1);
  await expect(chooseExtensions(['tuned'], [other])).rejects.toThrow(FileFormatError);
  const named = await chooseExtensions(['tuned'], [model], join(folder, tunedExtensionsFile));
  expect(named[0]!(model, 4)).toEqual(best);
});
