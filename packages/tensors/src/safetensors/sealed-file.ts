import { FileFormatError, InvalidArgumentError, shown } from '@namm/core/portable';
import { type ParsedSafetensors, parseSafetensors } from './parse-safetensors.js';
import { brokenSeal, checksumOf, sealed, sealKey } from './seal.js';
import { serializeSafetensors } from './serialize-safetensors.js';
import type { Snapshot } from './snapshot.js';

/**
 * A safetensors file of a snapshot; one more text, `checksum`, covers everything in it.
 *
 * @param snapshot what is saved
 * @returns the bytes of the file
 *
 * @example
 * ```ts
 * const bytes = writeSealed({ metadata: { format: 'mine' }, tensors: { mean: { shape: [2], data } } });
 * readSealed(bytes, 'state').tensors.get('mean');
 * ```
 */
export function writeSealed({ metadata, tensors }: Snapshot): Uint8Array {
  const all = Object.entries(tensors);
  return serializeSafetensors(all, sealed(all, metadata));
}

/**
 * What {@link writeSealed} wrote. The checksum finds accidents, not forgeries.
 *
 * @param bytes of the file
 * @param name what they are, for error messages
 * @returns its texts and tensors, without the checksum
 * @throws {FileFormatError} for bytes that are cut off, damaged, or of something else
 */
export function readSealed(bytes: Uint8Array, name: string): ParsedSafetensors {
  if (!(bytes instanceof Uint8Array)) {
    const problem = `${shown(bytes)} is not a Uint8Array; a file is read first, an ArrayBuffer wrapped`;
    throw new InvalidArgumentError('bytes', problem);
  }
  const { metadata: texts, tensors } = parseSafetensors(bytes, name);
  const metadata = new Map(texts);
  const sum = metadata.get(sealKey);
  if (!metadata.delete(sealKey)) {
    throw new FileFormatError(name, 'is a safetensors file of something else');
  }
  const covered = Array.from(tensors, ([tensor, { bytes: data }]) => [tensor, data] as const);
  if (checksumOf(metadata, covered) !== sum) throw brokenSeal(name);
  return { metadata, tensors };
}
