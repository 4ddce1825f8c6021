import { type FileHandle, open, stat } from 'node:fs/promises';
import { FileFormatError } from '@namm/core';

const explanations: Record<string, string> = {
  ENOENT: 'does not exist (or is a link to a file that does not); write or fetch it',
  ELOOP: 'is a link that leads back to itself; fetch the file again',
  EACCES: 'may not be read by this user; change its permissions',
  ENOTDIR: 'lies below something that is not a folder; check the path',
};

function explained(path: string, error: unknown): FileFormatError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return new FileFormatError(path, explanations[code] ?? `cannot be read (${String(error)})`, {
    cause: error,
  });
}

/**
 * Opens a regular file for reading and hands it to `use`, with its size in bytes; closed afterwards.
 *
 * @throws {FileFormatError} when there is none; whatever `use` throws
 *
 * @example
 * ```ts
 * const head = new Uint8Array(8);
 * await withFile(path, (handle) => readExactly(handle, head, 0, path));
 * ```
 */
export async function withFile<Result>(
  path: string,
  use: (handle: FileHandle, size: number) => Promise<Result>,
): Promise<Result> {
  // Asked before opening: opening a pipe would wait for a writer.
  const found = await stat(path).catch((error) => {
    throw explained(path, error);
  });
  if (!found.isFile()) {
    const what = found.isDirectory() ? 'a folder' : 'a device or pipe';
    throw new FileFormatError(path, `is ${what}; a regular file is needed here`);
  }
  const handle = await open(path, 'r').catch((error) => {
    throw explained(path, error);
  });
  try {
    return await use(handle, found.size);
  } finally {
    await handle.close();
  }
}
