import { mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunFolderError } from './errors.js';
import type { GenerationRecord } from './generation-record.js';
import { RunFolder } from './run-folder.js';

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'namm-run-folder-'));
});
afterEach(() => rmSync(path, { recursive: true }));

const record: GenerationRecord = {
  ...{ generation: 1, stage: 0, sigma: 0.1, tasks: {}, size: 2, seconds: null, validation: null },
  candidates: [null, { fitness: 1, shortfall: 0, measures: {} }],
};

describe('RunFolder', () => {
  // Linux has a file that is a full disk.
  it.skipIf(process.platform !== 'linux')('says that its disk is full', async () => {
    const folder = await RunFolder.open(path);
    await folder.log(record);
    const log = join(path, 'log.jsonl');
    const before = readFileSync(log, 'utf8');
    unlinkSync(log);
    symlinkSync('/dev/full', log);
    await expect(folder.log(record)).rejects.toThrow(RunFolderError);
    await expect(folder.log(record)).rejects.toThrow('no space left on its disk');
    unlinkSync(log);
    writeFileSync(log, `${before}{"generation":2,"mem`);
    expect(await folder.readLog(1)).toEqual([record]);
    expect(readFileSync(log, 'utf8')).toBe(before);
  });

  it('says what is wrong with its place', async () => {
    const file = join(path, 'file');
    writeFileSync(file, '');
    await expect(RunFolder.open(file)).rejects.toThrow('is not a folder');
    await expect(RunFolder.open(join(file, 'below'))).rejects.toThrow('below something');
  });
});
