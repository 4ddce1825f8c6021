import { FileFormatError } from '@namm/core';

/**
 * Refuses what stands in for a file in a clone without its large files.
 *
 * @param start of the file
 * @throws {FileFormatError}
 */
export function checkIsContent(path: string, start: string): void {
  if (!start.startsWith('version https://git-lfs.github.com/')) return;
  throw new FileFormatError(path, 'is a pointer of Git LFS, not the file; run git lfs pull');
}
