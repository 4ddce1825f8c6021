import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Runs something in a temporary folder that is removed afterwards.
 *
 * @returns what `use` returns
 *
 * @example
 * ```ts
 * await inFolder(async (folder) => writeCheckpoint(join(folder, 'namm.safetensors'), checkpoint));
 * ```
 */
export async function inFolder<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'namm-test-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
