import { existsSync } from 'node:fs';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { FileFormatError } from '@namm/core';
import type { DataFile } from './data-file.js';
import { filesInArchive } from './files-in-archive.js';
import { checkIsContent } from './git-lfs.js';

/** Folders deeper than this hold no data set: it ends links that lead round in circles. */
const deepest = 6;

/**
 * The files of a data set, in the layouts in which they are published: a folder, an archive in it or named itself, a
 * repository in the hub's cache (the revision that `main` points to), or a single file; `.jsonl` and `.json` may be gzipped.
 *
 * @throws {FileFormatError} when there is nothing, or an archive is broken or only half there
 * @example
 * ```ts
 * const files = await dataFiles('LongBench'); // holds data.zip
 * files.map(({ path }) => path); // ['data/2wikimqa.jsonl', …]
 * ```
 */
export async function dataFiles(path: string): Promise<DataFile[]> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw new FileFormatError(path, 'does not exist');
  const root = found.isDirectory() ? await snapshotIn(path) : path;
  const paths = found.isDirectory() ? await filesBelow(root, deepest) : [path];
  const files: DataFile[] = [];
  for (const each of paths) {
    checkIsContent(each, await startOf(each));
    const below = relative(root, each).replaceAll('\\', '/') || basename(each);
    if (each.endsWith('.zip')) files.push(...(await filesInArchive(each)));
    else files.push(onDisk(each, below.replace(/\.gz$/, '')));
  }
  if (files.length === 0) throw new FileFormatError(path, 'holds no files');
  return files;
}

/** The folder of the revision in use, where a folder is a repository of the hub's cache. */
async function snapshotIn(folder: string): Promise<string> {
  const snapshots = join(folder, 'snapshots');
  if (!existsSync(snapshots)) return folder;
  const main = join(folder, 'refs', 'main');
  const revision = existsSync(main) ? (await readFile(main, 'utf8')).trim() : null;
  const all = (await readdir(snapshots)).sort();
  const chosen = revision !== null && all.includes(revision) ? revision : all.at(-1);
  if (chosen === undefined)
    throw new FileFormatError(folder, 'holds no revision; download it again');
  return join(snapshots, chosen);
}

async function filesBelow(folder: string, depth: number): Promise<string[]> {
  if (depth === 0) return [];
  const files: string[] = [];
  for (const name of (await readdir(folder)).sort()) {
    if (name.startsWith('.') || name === 'node_modules') continue;
    const path = join(folder, name);
    // Files in the hub's cache are links; a link to nothing is a download that was stopped.
    const found = await stat(path).catch(() => null);
    if (found === null) throw new FileFormatError(path, 'is a link to nothing; download it again');
    if (found.isDirectory()) files.push(...(await filesBelow(await snapshotIn(path), depth - 1)));
    else if (/\.(jsonl|json)(\.gz)?$|\.(parquet|zip)$/.test(name)) files.push(path);
    else if (/\.(incomplete|part|crdownload)$/.test(name)) {
      throw new FileFormatError(path, 'is an incomplete download; finish it');
    }
  }
  return files;
}

async function startOf(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}

function onDisk(path: string, below: string): DataFile {
  async function* bytes(): AsyncIterable<Uint8Array> {
    const file = await open(path);
    try {
      const source = file.createReadStream();
      if (!path.endsWith('.gz')) {
        yield* source as AsyncIterable<Uint8Array>;
        return;
      }
      const unpacked = createGunzip();
      const reading = pipeline(source, unpacked);
      reading.catch(() => {}); // is thrown to who reads, below
      yield* unpacked as AsyncIterable<Uint8Array>;
    } catch (cause) {
      if (!(cause as { code?: string }).code?.startsWith('Z_')) throw cause;
      const problem = 'is not a complete gzip file; is the download incomplete?';
      throw new FileFormatError(path, problem, { cause });
    } finally {
      await file.close();
    }
  }
  return {
    ...{ name: path, path: below, isInArchive: false, bytes },
    async whole() {
      if (!path.endsWith('.gz')) return await readFile(path);
      const pieces: Uint8Array[] = [];
      for await (const piece of bytes()) pieces.push(piece);
      return Buffer.concat(pieces);
    },
  };
}
