import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError, Random } from '@namm/core';
import { afterAll, expect, it } from 'vitest';
import { excerptsOf, fillerOf, readTexts } from './plain-texts.js';

const folder = mkdtempSync(join(tmpdir(), 'namm-texts-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('reads texts, and refuses what is none by its path', () => {
  const [good, bad] = [join(folder, 'good.txt'), join(folder, 'bad.txt')];
  writeFileSync(good, 'Füße.');
  writeFileSync(bad, Uint8Array.of(0xff, 0xfe, 0x80));
  expect(readTexts([good])).toEqual([{ name: 'good.txt', text: 'Füße.' }]);
  for (const path of [bad, join(folder, 'none')]) {
    expect(() => readTexts([good, path]), path).toThrow(InvalidArgumentError);
    expect(() => readTexts([good, path]), path).toThrow(path);
  }
});

it('takes an equal part of each text, from its middle', () => {
  const texts = [
    { name: 'a', text: '0123456789' },
    { name: 'b', text: 'abc' },
  ];
  expect(excerptsOf(texts, 8)).toEqual(['3456', 'abc']);
});

it('hides facts in the last fifths alone', () => {
  const sentence = (i: number) => `This is sentence number ${1000 + i} of the long text.`;
  const text = Array.from({ length: 500 }, (_, i) => sentence(i)).join(' ');
  const pieces = fillerOf([{ name: 'a', text }])
    .passage('prose', 'test', new Random(1))
    .pieces();
  const seen = Array.from({ length: 150 }, () => pieces.next().value as string).join(' ');
  expect(seen).toContain(sentence(450));
  expect(seen).not.toContain(sentence(390));
});
