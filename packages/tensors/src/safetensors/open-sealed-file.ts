import { crc32 } from 'node:zlib';
import { withFile } from './open-file.js';
import { openSafetensors } from './open-safetensors.js';
import { readExactly } from './read-exactly.js';
import type { SafetensorsFile } from './safetensors-file.js';
import { brokenSeal, byName, encodedTexts, sealKey } from './seal.js';

const pieceBytes = 2 ** 22;

/**
 * Opens a `.safetensors` file as {@link openSafetensors} does, and where its header holds a `checksum`, as files of
 * {@link writeSealedFile} do, reads it once to verify it. A file without one, which another program wrote, opens
 * unchecked. The checksum finds accidents, not forgeries.
 *
 * @throws {FileFormatError} for a file that is cut off, damaged, or not a safetensors file
 *
 * @example
 * ```ts
 * const file = await openSealedFile('scorer.safetensors');
 * const weights = await file.readFloat32('weights');
 * ```
 */
export async function openSealedFile(path: string): Promise<SafetensorsFile> {
  const file = await openSafetensors(path);
  const metadata = new Map(file.metadata);
  const expected = metadata.get(sealKey);
  if (!metadata.delete(sealKey)) return file;
  if ((await checksumOfFile(file, metadata)) !== expected) throw brokenSeal(path);
  return file;
}

async function checksumOfFile(
  { path, tensors }: SafetensorsFile,
  metadata: ReadonlyMap<string, string>,
): Promise<string> {
  let sum = 0;
  for (const text of encodedTexts(metadata)) sum = crc32(text, sum);
  await withFile(path, async (handle) => {
    const buffer = new Uint8Array(pieceBytes);
    for (const [name, { offset, byteLength }] of byName(tensors)) {
      sum = crc32(name, sum);
      for (let done = 0; done < byteLength; done += pieceBytes) {
        const piece = buffer.subarray(0, Math.min(pieceBytes, byteLength - done));
        await readExactly(handle, piece, offset + done, path);
        sum = crc32(piece, sum);
      }
    }
  });
  return sum.toString(16).padStart(8, '0');
}
