import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readTunedExtensions, writeTunedExtensions } from './tuned-extensions.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-tuned-'));
});
afterAll(() => rm(folder, { recursive: true }));

const yarn = { kind: 'yarn', alpha: 1, logitFactor: 1.5 } as const;
const ntk = { kind: 'ntk', alpha: 2, logitFactor: 1 } as const;

it('adds to what was tuned for the same model, and refuses another one', async () => {
  const path = join(folder, 'tuned.json');
  await writeTunedExtensions(path, { model: 'one', best: { 2: yarn } });
  await writeTunedExtensions(path, { model: 'one', best: { 4: ntk } });
  expect(await readTunedExtensions(path, 'one')).toEqual({
    model: 'one',
    best: { 2: yarn, 4: ntk },
  });
  await expect(readTunedExtensions(path, 'two')).rejects.toThrow(
    /was tuned for model one, not two/,
  );
  await writeTunedExtensions(path, { model: 'two', best: { 4: ntk } });
  expect(await readTunedExtensions(path, 'two')).toEqual({ model: 'two', best: { 4: ntk } });
});

it('refuses files that hold something else', async () => {
  const path = join(folder, 'wrong.json');
  const wrong = ['[]', '{', '{"model":"one"}', '{"model":"one","best":{"2":{"kind":"ntk"}}}'];
  for (const text of wrong) {
    await writeFile(path, text);
    await expect(readTunedExtensions(path, 'one')).rejects.toThrow(/holds no tuned extensions/);
  }
  await expect(readTunedExtensions(join(folder, 'none'), 'one')).rejects.toThrow(/holds no tuned/);
});
