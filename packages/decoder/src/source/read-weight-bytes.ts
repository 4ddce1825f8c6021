import { readExactly, withFile } from '@namm/tensors';
import type { Weight } from './weight.js';

/**
 * The bytes of a weight, as they are stored.
 *
 * @param weight any weight of a model
 * @returns those in memory themselves, those of a file as a copy
 * @throws {FileFormatError} when the file cannot be read any more, or has become shorter
 */
export async function readWeightBytes({ location }: Weight): Promise<Uint8Array> {
  if (location.kind === 'memory') return location.bytes;
  const { path, offset, length } = location;
  const bytes = new Uint8Array(length);
  await withFile(path, (handle) => readExactly(handle, bytes, offset, path));
  return bytes;
}
