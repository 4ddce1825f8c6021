import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConformanceKind } from './conformance-kind.js';
import { unpackArchive } from './unpack-archive.js';

/** A folder and the kind it is a fixture of. */
export interface Fixture {
  readonly kind: ConformanceKind;
  readonly folder: string;
}

const isArchive = (name: string) => name.endsWith('.tar.gz');

async function* inFolder(
  folder: string,
  kinds: readonly ConformanceKind[],
): AsyncIterable<Fixture> {
  let found = false;
  for (const kind of kinds) {
    if (!(await kind.recognises(folder))) continue;
    found = true;
    yield { kind, folder };
  }
  if (found) return; // what lies below belongs to the fixture
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    // Links are not followed: they could lead round in circles.
    if (entry.isDirectory() && entry.name !== 'node_modules') yield* inFolder(path, kinds);
    else if (entry.isFile() && isArchive(entry.name)) yield* inArchive(path, kinds);
  }
}

async function* inArchive(file: string, kinds: readonly ConformanceKind[]): AsyncIterable<Fixture> {
  const unpacked = await unpackArchive(file);
  try {
    yield* inFolder(unpacked.folder, kinds);
  } finally {
    await unpacked.remove();
  }
}

/**
 * Every fixture at or below a folder, or in a `.tar.gz`. Archives are unpacked into a temporary folder
 * that is gone when the loop moves on.
 *
 * @throws the file system's error when the path does not exist or is neither
 */
export async function* findFixtures(
  path: string,
  kinds: readonly ConformanceKind[],
): AsyncIterable<Fixture> {
  const isFile = (await stat(path)).isFile();
  if (isFile && isArchive(path)) yield* inArchive(path, kinds);
  else yield* inFolder(path, kinds);
}
