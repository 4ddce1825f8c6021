import { copyFile, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Runs `use` with a temporary folder that is the given one (by links, as in the hub's cache) with another
 * file as its `config.json`.
 */
export async function withConfig<T>(
  folder: string,
  configFile: string,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const temporary = await mkdtemp(join(tmpdir(), 'namm-conformance-'));
  try {
    for (const file of await readdir(folder)) {
      if (file !== 'config.json') await symlink(resolve(folder, file), join(temporary, file));
    }
    await copyFile(join(folder, configFile), join(temporary, 'config.json'));
    return await use(temporary);
  } finally {
    await rm(temporary, { recursive: true });
  }
}
