import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extract } from 'tar';

/**
 * Unpacks a `.tar.gz` into a new temporary folder. Links stay links; entries that would land outside
 * the folder make it fail.
 *
 * @returns the folder, and how to get rid of it
 */
export async function unpackArchive(
  file: string,
): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'namm-fixture-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await extract({ file, cwd: folder, strict: true });
  } catch (error) {
    await remove();
    throw error;
  }
  return { folder, remove };
}
