import type { FileHandle } from 'node:fs/promises';
import { FileFormatError } from '@namm/core';
import { readExactly } from '../safetensors/read-exactly.js';

/** A file in an archive, stored as it is. */
export interface ZipEntry {
  readonly name: string;
  readonly length: number;
  readonly checksum: number;
  /** Where its local header begins. */
  readonly header: number;
}

const endLength = 22;
const longestComment = 0xffff;
const endSignature = 0x0605_4b50;
const end64Signature = 0x0606_4b50;
const end64LocatorSignature = 0x0706_4b50;
const entrySignature = 0x0201_4b50;
const localSignature = 0x0403_4b50;
/** A checkpoint has some 30 entries; the largest models a few thousand. */
const longestDirectory = 2 ** 24;
const inExtraField = 0xffff_ffff;

interface Archive {
  readonly handle: FileHandle;
  readonly size: number;
  readonly path: string;
}

/**
 * The directory of a ZIP archive whose entries are not compressed, as torch.save writes it; ZIP64 too.
 *
 * @throws {FileFormatError} when it is damaged, compressed or encrypted
 */
export async function readZipEntries(archive: Archive): Promise<ReadonlyMap<string, ZipEntry>> {
  const { offset, length, count } = await findDirectory(archive);
  const { size, path } = archive;
  if (length > longestDirectory || offset + length > size) {
    throw new FileFormatError(
      path,
      'the archive’s directory does not fit it; fetch the file again',
    );
  }
  const bytes = await readPart(archive, offset, length);
  const view = new DataView(bytes.buffer);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > length || view.getUint32(at, true) !== entrySignature) {
      throw new FileFormatError(path, 'the archive’s directory is damaged; fetch the file again');
    }
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const next = at + 46 + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > length) throw new FileFormatError(path, 'the archive’s directory was cut off');
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const extra = bytes.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
    const entry = readEntry(view, at, name, extra, path);
    if (entries.has(name)) {
      throw new FileFormatError(path, `the archive has ${JSON.stringify(name)} twice`);
    }
    entries.set(name, entry);
    at = next;
  }
  return entries;
}

/** Where the content of an entry begins: behind its local header. */
export async function locateEntry(archive: Archive, entry: ZipEntry): Promise<number> {
  const { size, path } = archive;
  const shown = JSON.stringify(entry.name.slice(0, 120));
  if (entry.header + 30 > size) throw new FileFormatError(path, `${shown} was cut off`);
  const header = await readPart(archive, entry.header, 30);
  const view = new DataView(header.buffer);
  if (view.getUint32(0, true) !== localSignature) {
    throw new FileFormatError(
      path,
      `${shown} is not where the directory says; fetch the file again`,
    );
  }
  const offset = entry.header + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  if (offset + entry.length > size) throw new FileFormatError(path, `${shown} was cut off`);
  return offset;
}

function readEntry(
  view: DataView,
  at: number,
  name: string,
  extra: Uint8Array,
  path: string,
): ZipEntry {
  const shown = JSON.stringify(name.slice(0, 120));
  const isEncrypted = (view.getUint16(at + 8, true) & 1) === 1;
  if (isEncrypted || view.getUint16(at + 10, true) !== 0) {
    throw new FileFormatError(path, `${shown} is compressed or encrypted; torch.save does neither`);
  }
  const stored = [24, 20, 42].map((field) => view.getUint32(at + field, true));
  const [length, storedLength, header] = widen(stored, extra, path);
  if (length !== storedLength) {
    throw new FileFormatError(path, `${shown} has two lengths; fetch the file again`);
  }
  return { name, length: length!, checksum: view.getUint32(at + 16, true), header: header! };
}

/** Numbers of 0xffffffff stand as 64 bits in the extra field with id 1, in this order. */
function widen(values: readonly number[], extra: Uint8Array, path: string): number[] {
  if (!values.includes(inExtraField)) return [...values];
  const view = new DataView(extra.buffer, extra.byteOffset, extra.byteLength);
  for (let at = 0; at + 4 <= extra.length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    let next = at + 4;
    const end = Math.min(extra.length, next + view.getUint16(at + 2, true));
    return values.map((value) => {
      if (value !== inExtraField) return value;
      if (next + 8 > end) throw new FileFormatError(path, 'a ZIP64 field was cut off');
      next += 8;
      return toNumber(view.getBigUint64(next - 8, true), path);
    });
  }
  throw new FileFormatError(path, 'a ZIP64 field is missing; fetch the file again');
}

async function findDirectory(
  archive: Archive,
): Promise<{ offset: number; length: number; count: number }> {
  const { size, path } = archive;
  const tailLength = Math.min(size, endLength + longestComment);
  const tail = await readPart(archive, size - tailLength, tailLength);
  const view = new DataView(tail.buffer);
  let at = tailLength - endLength;
  while (at >= 0 && view.getUint32(at, true) !== endSignature) at--;
  if (at < 0) {
    throw new FileFormatError(path, 'has no archive directory; it was cut off: fetch it again');
  }
  const found = {
    count: view.getUint16(at + 10, true),
    length: view.getUint32(at + 12, true),
    offset: view.getUint32(at + 16, true),
  };
  const isWide =
    found.count === 0xffff || found.length === inExtraField || found.offset === inExtraField;
  if (!isWide) return found;
  if (at < 20 || view.getUint32(at - 20, true) !== end64LocatorSignature) {
    throw new FileFormatError(path, 'its ZIP64 directory is missing; fetch the file again');
  }
  const position = toNumber(view.getBigUint64(at - 12, true), path);
  if (position + 56 > size) throw new FileFormatError(path, 'its ZIP64 directory was cut off');
  const wide = new DataView((await readPart(archive, position, 56)).buffer);
  if (wide.getUint32(0, true) !== end64Signature) {
    throw new FileFormatError(path, 'its ZIP64 directory is damaged; fetch the file again');
  }
  return {
    count: toNumber(wide.getBigUint64(32, true), path),
    length: toNumber(wide.getBigUint64(40, true), path),
    offset: toNumber(wide.getBigUint64(48, true), path),
  };
}

function toNumber(value: bigint, path: string): number {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw new FileFormatError(path, 'a size in the archive’s directory cannot be; fetch it again');
}

async function readPart(archive: Archive, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  await readExactly(archive.handle, bytes, offset, archive.path);
  return bytes;
}
