import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunFolderError } from './errors.js';
import { lockRun } from './run-lock.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'namm-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const lockFile = () => join(folder, 'run.lock');

describe('lockRun', () => {
  it('lets one in at a time', async () => {
    const unlock = await lockRun(folder);
    await expect(lockRun(folder)).rejects.toThrow(RunFolderError);
    await expect(lockRun(folder)).rejects.toThrow(`in use by process ${process.pid}`);
    await unlock();
    expect(existsSync(lockFile())).toBe(false);
    await (await lockRun(folder))();
  });

  it('lets one of many in who come at once, also where a lock was left behind', async () => {
    for (const left of [null, '{"pid":']) {
      if (left !== null) writeFileSync(lockFile(), left);
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => lockRun(folder)));
      const inside = outcomes.filter((outcome) => outcome.status === 'fulfilled');
      expect(inside).toHaveLength(1);
      expect(readdirSync(folder)).toEqual(['run.lock']);
      await inside[0]!.value();
    }
  });

  it('takes over from a process that has died', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => child.on('exit', resolve));
    writeFileSync(lockFile(), JSON.stringify({ pid: child.pid, host: hostname(), began: null }));
    const unlock = await lockRun(folder);
    expect(JSON.parse(readFileSync(lockFile(), 'utf8')).pid).toBe(process.pid);
    await unlock();
  });

  it('takes over from a process whose number another one has now', async () => {
    const holder = { pid: process.pid, host: hostname(), began: 'long ago' };
    writeFileSync(lockFile(), JSON.stringify(holder));
    await (await lockRun(folder))();
  });

  it('takes over a lock that was never written to its end', async () => {
    writeFileSync(lockFile(), '{"pid":');
    await (await lockRun(folder))();
  });

  it('does not take over from another machine', async () => {
    const holder = { pid: 1, host: `not-${hostname()}`, began: null };
    writeFileSync(lockFile(), JSON.stringify(holder));
    await expect(lockRun(folder)).rejects.toThrow('remove run.lock if it has died');
  });

  it('says what is wrong with a folder', async () => {
    await expect(lockRun(join(folder, 'none'))).rejects.toThrow('cannot be locked');
  });
});
