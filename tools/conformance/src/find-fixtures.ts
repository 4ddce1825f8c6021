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

/** Stands in for what a broken archive held, so that the rest still runs. */
function brokenArchive(reason: unknown): ConformanceKind {
  return {
    name: 'archive',
    recognises: async () => false,
    run: () => {
      throw new Error(`cannot be unpacked: ${String(reason)}`);
    },
  };
}

async function* inArchive(file: string, kinds: readonly ConformanceKind[]): AsyncIterable<Fixture> {
  let unpacked: Awaited<ReturnType<typeof unpackArchive>>;
  try {
    unpacked = await unpackArchive(file);
  } catch (error) {
    yield { kind: brokenArchive(error), folder: file };
    return;
  }
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
 * @throws when the path does not exist or is neither
 */
export async function* findFixtures(
  path: string,
  kinds: readonly ConformanceKind[],
): AsyncIterable<Fixture> {
  const found = await stat(path);
  if (found.isDirectory()) yield* inFolder(path, kinds);
  else if (found.isFile() && isArchive(path)) yield* inArchive(path, kinds);
  else throw new Error(`${path}: is neither a folder nor a .tar.gz`);
}
