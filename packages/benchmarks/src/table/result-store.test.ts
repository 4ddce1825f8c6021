import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileFormatError } from '@namm/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PromptResult, ResultStore } from './result-store.js';
import { conditionKey, rowKey, type TableRow } from './table-row.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-results-'));
});
afterAll(() => rm(folder, { recursive: true }));

const row: TableRow = {
  setting: { model: 'm', version: '1', factor: 4, kind: 'ntk', alpha: 2, logitFactor: 1 },
  length: 512,
  split: 'test',
  seed: 1,
  placement: 'last',
  updateInterval: 64,
  answers: 'teacherForced',
  contender: 'h2o',
  contenderVersion: '',
  budget: { kind: 'share', share: 0.25 },
};
const resultAt = (index: number): PromptResult => ({
  ...{ family: 'notes', index, digest: 'd', questions: [1, 0.5], logProbabilities: [-0.1, -2] },
  ...{ seen: 400, kept: { atAnswer: 0.25, average: 0.3 } },
  bytes: { keysAndValues: 1, positions: 2, policy: 3, average: 4, peak: 5 },
  counts: [{ seen: 64, counts: [[16, 16]] }],
});

describe('ResultStore', () => {
  it('has after every stop what was added before, and cuts off what was not finished', async () => {
    const path = join(folder, 'torn.jsonl');
    const first = await ResultStore.open(path);
    await first.add(row, resultAt(0));
    await first.add(row, resultAt(1));
    await first.add({ ...row, contender: 'full' }, resultAt(0));
    await first.close();
    const whole = await readFile(path, 'utf8');
    expect(whole.trim().split('\n')).toHaveLength(5);
    // Stopped after any number of bytes of a further line, and within the two lines of the last row.
    for (const torn of ['{"key":"', '{"key":"x","result":{"family":"notes","index":3', '{']) {
      await writeFile(path, whole + torn);
      const store = await ResultStore.open(path);
      expect(store.results(row)).toEqual([resultAt(0), resultAt(1)]);
      expect(store.result(row, 'notes', 1)).toEqual(resultAt(1));
      expect(store.result(row, 'notes', 2)).toBeUndefined();
      expect(store.rows).toEqual([row, { ...row, contender: 'full' }]);
      await store.add(row, resultAt(2));
      await store.close();
      const again = await ResultStore.open(path);
      expect(again.results(row)).toHaveLength(3);
      await again.close();
    }
    expect((await readFile(path, 'utf8')).startsWith(whole)).toBe(true);
  });

  it.each([
    ['{}', 'line 1'],
    ['not json', 'line 1'],
    ['{"key":"a","result":{"family":"x"}}', 'line 1'],
    ['{"key":"wrong","row":{"setting":{}}}', 'line 1'],
  ])('refuses a file with the line %j and leaves it alone', async (line, where) => {
    const path = join(folder, 'foreign.jsonl');
    await writeFile(path, `${line}\n`);
    await appendFile(path, 'rest');
    await expect(ResultStore.open(path)).rejects.toThrow(FileFormatError);
    await expect(ResultStore.open(path)).rejects.toThrow(where);
    expect(await readFile(path, 'utf8')).toBe(`${line}\nrest`);
  });
});

describe('rowKey', () => {
  it('tells apart whatever decides what is measured', () => {
    const { setting } = row;
    const like = { like: 'namm', likeVersion: 'a' };
    const rows: TableRow[] = [
      row,
      { ...row, setting: { ...setting, model: 'n' } },
      { ...row, setting: { ...setting, version: '2' } },
      { ...row, setting: { ...setting, factor: 8 } },
      { ...row, setting: { ...setting, alpha: 1 } },
      { ...row, setting: { ...setting, logitFactor: 1.5 } },
      { ...row, setting: { ...setting, kind: 'yarn' } },
      { ...row, length: 256 },
      { ...row, split: 'development' },
      { ...row, seed: 2 },
      { ...row, placement: 'seen' },
      { ...row, updateInterval: 128 },
      { ...row, answers: 'generated' },
      { ...row, contender: 'l2' },
      { ...row, contenderVersion: 'x' },
      { ...row, budget: { kind: 'own' } },
      { ...row, budget: { kind: 'share', share: 0.5 } },
      { ...row, budget: { kind: 'rows', ...like } },
      { ...row, budget: { kind: 'bytes', ...like } },
      { ...row, budget: { kind: 'heads', ...like } },
      { ...row, budget: { kind: 'bytes', ...like, likeVersion: 'b' } },
    ];
    expect(new Set(rows.map(rowKey)).size).toBe(rows.length);
    expect(rowKey({ ...row, setting: { ...setting } })).toBe(rowKey(row));
    expect(conditionKey({ ...row, contender: 'l2' } as TableRow)).toBe(conditionKey(row));
  });
});
