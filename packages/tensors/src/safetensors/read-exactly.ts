import type { FileHandle } from 'node:fs/promises';
import { FileFormatError } from '@namm/core';

/** The most one read call is asked for; systems refuse more than 2 GiB. */
const longestRead = 2 ** 30;

/**
 * Fills `target` with the bytes of a file from `position` on.
 *
 * @param path for the message
 * @throws {FileFormatError} when the file ends before
 */
export async function readExactly(
  handle: FileHandle,
  target: Uint8Array,
  position: number,
  path: string,
): Promise<void> {
  let done = 0;
  while (done < target.byteLength) {
    const length = Math.min(target.byteLength - done, longestRead);
    const { bytesRead } = await handle.read(target, done, length, position + done);
    if (bytesRead === 0) {
      throw new FileFormatError(
        path,
        `ends at byte ${position + done}; it was cut off: write or fetch it again`,
      );
    }
    done += bytesRead;
  }
}
