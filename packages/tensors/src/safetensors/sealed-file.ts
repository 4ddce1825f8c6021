import { FileFormatError, InvalidArgumentError, shown } from '@namm/core/portable';
import { checksum } from './checksum.js';
import { type ParsedSafetensors, parseSafetensors } from './parse-safetensors.js';
import type { TensorArray } from './safetensors-pieces.js';
import { serializeSafetensors } from './serialize-safetensors.js';
import type { Snapshot } from './snapshot.js';

const bytesOf = (data: TensorArray) =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** CRC-32 of names and contents, first of the metadata, then of the tensors, each in the order of the names. */
function checksumOf(
  metadata: Iterable<readonly [string, string]>,
  tensors: Iterable<readonly [string, Uint8Array]>,
): string {
  const encoder = new TextEncoder();
  const sorted = <Value>(all: Iterable<readonly [string, Value]>) =>
    [...all].sort(([a], [b]) => (a < b ? -1 : 1));
  const texts = sorted(metadata)
    .flat()
    .map((text) => encoder.encode(text));
  const pieces = sorted(tensors).flatMap(([name, bytes]) => [encoder.encode(name), bytes]);
  return checksum([...texts, ...pieces]);
}

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
  const covered = all.map(([name, { data }]) => [name, bytesOf(data)] as const);
  const sum = checksumOf(Object.entries(metadata), covered);
  return serializeSafetensors(all, { ...metadata, checksum: sum });
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
  const sum = metadata.get('checksum');
  if (!metadata.delete('checksum')) {
    throw new FileFormatError(name, 'is a safetensors file of something else');
  }
  const covered = Array.from(tensors, ([tensor, { bytes: data }]) => [tensor, data] as const);
  if (checksumOf(metadata, covered) !== sum) {
    const problem = 'is damaged: its checksum is not that of its content; take another copy';
    throw new FileFormatError(name, problem);
  }
  return { metadata, tensors };
}
