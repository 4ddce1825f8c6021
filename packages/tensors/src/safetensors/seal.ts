import { checksum, FileFormatError } from '@namm/core/portable';
import type { TensorData } from './safetensors-pieces.js';

/** The text of a header that holds the checksum. */
export const sealKey = 'checksum';

/** In the order in which names are summed. */
export const byName = <Value>(all: Iterable<readonly [string, Value]>) =>
  [...all].sort(([a], [b]) => (a < b ? -1 : 1));

/** The bytes of texts, and of each tensor's name, in the order in which they are summed. */
export function encodedTexts(metadata: Iterable<readonly [string, string]>): Uint8Array[] {
  const encoder = new TextEncoder();
  return byName(metadata)
    .flat()
    .map((text) => encoder.encode(text));
}

/** CRC-32 of names and contents, first of the metadata, then of the tensors, each in the order of the names. */
export function checksumOf(
  metadata: Iterable<readonly [string, string]>,
  tensors: Iterable<readonly [string, Uint8Array]>,
): string {
  const encoder = new TextEncoder();
  const pieces = byName(tensors).flatMap(([name, bytes]) => [encoder.encode(name), bytes]);
  return checksum([...encodedTexts(metadata), ...pieces]);
}

/** The texts of a file, with the checksum of all its texts, names and numbers in place of an older one. */
export function sealed(
  tensors: readonly (readonly [string, TensorData])[],
  { [sealKey]: _, ...texts }: Readonly<Record<string, string>>,
): Record<string, string> {
  const covered = tensors.map(
    ([name, { data }]) =>
      [name, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)] as const,
  );
  return { ...texts, [sealKey]: checksumOf(Object.entries(texts), covered) };
}

export const brokenSeal = (path: string) =>
  new FileFormatError(
    path,
    'is damaged: its checksum is not that of its content; take another copy, or, if it was changed on purpose, remove checksum from its metadata',
  );
