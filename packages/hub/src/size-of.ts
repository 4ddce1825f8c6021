import { stat } from 'node:fs/promises';

/** Bytes of a file, null when there is none. */
export async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    (found) => found.size,
    () => null,
  );
}
