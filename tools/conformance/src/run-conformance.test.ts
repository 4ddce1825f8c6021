import {
  access,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readlink,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConformanceKind, ConformanceResult } from './conformance-kind.js';
import { runConformance } from './run-conformance.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-conformance-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A kind that knows its fixtures by a file of its name. */
function kindNamed(name: string, run: ConformanceKind['run']): ConformanceKind {
  const recognises = (path: string) =>
    access(join(path, name)).then(
      () => true,
      () => false,
    );
  return { name, recognises, run };
}

const passed = (kind: string, name: string): ConformanceResult => ({
  kind,
  name,
  error: 0,
  tolerance: 0,
  ok: true,
});

async function resultsOf(path: string, kinds: readonly ConformanceKind[]) {
  const results: ConformanceResult[] = [];
  for await (const result of runConformance(path, kinds)) results.push(result);
  return results;
}

async function makeFiles(...paths: string[]) {
  for (const path of paths) {
    const parts = path.split('/');
    await mkdir(join(folder, ...parts.slice(0, -1)), { recursive: true });
    await writeFile(join(folder, ...parts), '');
  }
}

describe('runConformance', () => {
  it('finds fixtures of several kinds below a folder, in order, but none inside another', async () => {
    await makeFiles(
      'walk/b/one',
      'walk/b/below/one',
      'walk/a/deep/one',
      'walk/a/deep/two',
      'walk/c/none',
    );
    const kinds = ['one', 'two'].map((name) =>
      kindNamed(name, async function* (path) {
        yield passed(name, path.slice(folder.length));
      }),
    );
    expect(await resultsOf(join(folder, 'walk'), kinds)).toEqual([
      passed('one', '/walk/a/deep'),
      passed('two', '/walk/a/deep'),
      passed('one', '/walk/b'),
    ]);
  });

  it('turns a kind that throws into a failed result after what it gave, and goes on', async () => {
    await makeFiles('throwing/one', 'throwing/two');
    const kinds = [
      kindNamed('one', async function* () {
        yield passed('one', 'first');
        throw new Error('no such tensor');
      }),
      kindNamed('two', async function* () {
        yield passed('two', 'second');
      }),
    ];
    const results = await resultsOf(join(folder, 'throwing'), kinds);
    expect(results.map(({ kind, ok }) => [kind, ok])).toEqual([
      ['one', true],
      ['one', false],
      ['two', true],
    ]);
    expect(results[1]).toMatchObject({ name: 'throwing', note: 'no such tensor' });
  });

  it('unpacks archives with their links into a folder that is gone afterwards', async () => {
    await makeFiles('packed/case/one', 'archives/x');
    await symlink('loop', join(folder, 'packed/case/loop'));
    await symlink('nowhere', join(folder, 'packed/case/dangling'));
    const file = join(folder, 'archives/cases.tar.gz');
    await create({ gzip: true, file, cwd: folder }, ['packed']);
    const seen: string[] = [];
    const kind = kindNamed('one', async function* (path) {
      seen.push(path);
      expect((await readdir(path)).sort()).toEqual(['dangling', 'loop', 'one']);
      expect((await lstat(join(path, 'loop'))).isSymbolicLink()).toBe(true);
      expect(await readlink(join(path, 'dangling'))).toBe('nowhere');
      yield passed('one', 'case');
    });
    expect(await resultsOf(file, [kind])).toEqual([passed('one', 'case')]);
    expect(await resultsOf(join(folder, 'archives'), [kind])).toEqual([passed('one', 'case')]);
    for (const path of seen) await expect(access(path)).rejects.toThrow();
  });

  it('reports a broken archive and goes on; refuses what is neither folder nor archive', async () => {
    await makeFiles('broken/b/one');
    await writeFile(join(folder, 'broken/a.tar.gz'), 'no archive');
    const kind = kindNamed('one', async function* () {
      yield passed('one', 'case');
    });
    const results = await resultsOf(join(folder, 'broken'), [kind]);
    expect(results.map(({ name, ok }) => [name, ok])).toEqual([
      ['a.tar.gz', false],
      ['case', true],
    ]);
    await expect(resultsOf(join(folder, 'broken/b/one'), [kind])).rejects.toThrow(/neither/);
    await expect(resultsOf(join(folder, 'absent'), [kind])).rejects.toThrow(/ENOENT/);
  });
});
