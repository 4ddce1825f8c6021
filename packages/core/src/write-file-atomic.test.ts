import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeFileAtomic } from './write-file-atomic.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-atomic-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('writeFileAtomic', () => {
  it('writes text, bytes and pieces, and replaces what stood there', async () => {
    const path = join(folder, 'file');
    await writeFileAtomic(path, 'text');
    expect(await readFile(path, 'utf8')).toBe('text');
    await writeFileAtomic(path, Uint8Array.of(1, 2));
    expect([...(await readFile(path))]).toEqual([1, 2]);
    await writeFileAtomic(path, [Uint8Array.of(3), new Uint8Array(0), Uint8Array.of(4, 5)]);
    expect([...(await readFile(path))]).toEqual([3, 4, 5]);
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('leaves the old file and nothing else when the pieces fail', async () => {
    const path = join(folder, 'kept');
    await writeFile(path, 'old');
    function* failing() {
      yield Uint8Array.of(1);
      throw new Error('the source broke');
    }
    await expect(writeFileAtomic(path, failing())).rejects.toThrow('the source broke');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('names the file that was asked for, and the folder that is not there', async () => {
    const path = join(folder, 'none', 'file');
    const error = await writeFileAtomic(path, 'x').catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      message: `${path} cannot be written: there is no folder ${join(folder, 'none')}`,
      code: 'ENOENT',
    });
  });

  it('leaves nothing when the rename fails', async () => {
    const path = join(folder, 'occupied');
    await mkdir(join(path, 'child'), { recursive: true });
    await expect(writeFileAtomic(path, 'x')).rejects.toThrow(
      `${path} cannot be written: it is a folder`,
    );
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});
