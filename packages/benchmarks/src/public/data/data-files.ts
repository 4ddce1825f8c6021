import { existsSync } from 'node:fs';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { FileFormatError } from '@namm/core';
import { unzipSync } from 'fflate';

/** A file of a data set: on the disk, or in an archive. */
export interface DataFile {
  /** Where it is, for messages: `data.zip: data/trec.jsonl` for one in an archive. */
  readonly name: string;
  /** Path below the folder or in the archive, with `/`. */
  readonly path: string;
  bytes(): AsyncIterable<Uint8Array>;
  /** All of it. */
  whole(): Promise<Uint8Array>;
}

/** Folders deeper than this hold no data set: it ends links that lead round in circles. */
const deepest = 6;

/**
 * The files of a data set, in the layouts in which they are published: a folder, an archive in it or named itself, a
 * repository in the hub's cache (the revision that `main` points to), or a single file.
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
    const below = relative(root, each).replaceAll('\\', '/') || basename(each);
    if (each.endsWith('.zip')) files.push(...(await filesInArchive(each)));
    else files.push({ ...onDisk(each), path: below });
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
    if (found.isDirectory()) files.push(...(await filesBelow(path, depth - 1)));
    else if (/\.(jsonl|json|parquet|zip)$/.test(name)) files.push(path);
    else if (name.endsWith('.incomplete')) {
      throw new FileFormatError(path, 'is half a download; finish it');
    }
  }
  return files;
}

function onDisk(path: string): Omit<DataFile, 'path'> {
  return {
    name: path,
    whole: () => readFile(path),
    async *bytes() {
      const file = await open(path);
      try {
        yield* file.createReadStream() as AsyncIterable<Uint8Array>;
      } finally {
        await file.close();
      }
    },
  };
}

async function filesInArchive(archive: string): Promise<DataFile[]> {
  const packed = await readFile(archive);
  const unpack = (wanted: (path: string) => boolean) => {
    try {
      return unzipSync(packed, { filter: ({ name }) => wanted(name) });
    } catch (cause) {
      const problem = 'is not a complete zip archive; is it half a download?';
      throw new FileFormatError(archive, problem, { cause });
    }
  };
  const paths: string[] = [];
  unpack((path) => {
    const isData = /\.(jsonl|json|parquet)$/.test(path) && !path.startsWith('__MACOSX');
    if (isData) paths.push(path);
    return false;
  });
  return paths.sort().map((path) => {
    const whole = async () => unpack((other) => other === path)[path]!;
    return {
      name: `${archive}: ${path}`,
      path,
      whole,
      async *bytes() {
        yield await whole();
      },
    };
  });
}

/**
 * The file of a task: `<task>.jsonl` anywhere, or a parquet file in a folder of its name.
 *
 * @returns the one nearest to the top, or null
 */
export function fileOfTask(files: readonly DataFile[], task: string): DataFile | null {
  const depth = ({ path }: DataFile) => path.split('/').length;
  const own = files.filter(({ path }) => {
    const parts = path.split('/');
    const name = parts.at(-1)!;
    if (name === `${task}.jsonl` || name === `${task}.json` || name === `${task}.parquet`)
      return true;
    return parts.at(-2) === task && /\.(parquet|jsonl)$/.test(name);
  });
  return own.sort((a, b) => depth(a) - depth(b))[0] ?? null;
}
