import { createHash } from 'node:crypto';
import { type FileHandle, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { writeFileAtomic } from '@namm/core';
import { readExactly, withFile } from '@namm/tensors';
import type { ModelSource } from '../source/model-source.js';
import type { WeightDtype } from '../source/weight-dtype.js';
import { makeRoom, openPreparedFolder } from './prepared-folder.js';

/** Changes whenever other bytes are prepared of the same weights. */
const version = 1;

/** Where parts begin: version 1.30.0 multiplies wrongly with few-bit weights that are not aligned so. */
const alignment = 64;

/** Models whose weights take less are prepared in no time. */
const fewestBytes = 2 ** 20;

const pieceBytes = 2 ** 20;

/** At the end of a file: bytes of the table of parts before it, CRC-32 of all before the sum, and this mark. */
const mark = 'NAMMprep';
const endBytes = 4 + 4 + mark.length;

interface Place {
  readonly offset: number;
  readonly length: number;
}

/** A part that the file does not hold yet. */
interface Missing extends Place {
  readonly key: string;
  readonly read: () => Promise<Uint8Array>;
}

/**
 * A file that holds what is made of a model's weights before they can be computed with, so that the next start maps it
 * instead. It is one model's in one `dtype`, known by the digest of the model, the places of its weights, and the size,
 * the time of change and the time of the last status change of each of its files: whoever changes a file in place
 * changes one of these (the last cannot be set). A CRC-32 finds damage; a damaged file is made anew.
 */
export class PreparedFile {
  readonly path: string;
  readonly #folder: string;
  readonly #held: Held;
  /** All that was asked for. */
  readonly #places = new Map<string, Place>();
  readonly #missing = new Map<string, Missing>();
  readonly #checks: (() => Promise<void>)[] = [];
  readonly #isSourceUnchanged: () => Promise<boolean>;
  #end: number;
  /** Of the file whose parts are known: another process may put another in its place at any time. */
  #inode: bigint;

  private constructor(
    folder: string,
    path: string,
    held: Held,
    isSourceUnchanged: () => Promise<boolean>,
  ) {
    this.path = path;
    this.#folder = folder;
    this.#held = held;
    this.#end = held.bytes;
    this.#inode = held.inode;
    this.#isSourceUnchanged = isSourceUnchanged;
  }

  /**
   * Opens the file of a model, which need not exist yet.
   *
   * @param folder of prepared weights, made where there is none
   * @param source the model
   * @param dtype that its matrices are held in
   * @returns null where nothing is kept: weights in memory, a small model, a folder that cannot be
   */
  static async open(
    folder: string,
    source: ModelSource,
    dtype: WeightDtype,
  ): Promise<PreparedFile | null> {
    const name = await nameFor(source, dtype);
    if (name === null) return null;
    const real = await openPreparedFolder(folder);
    if (real === null) return null;
    const path = join(real, name);
    const held = (await readHeld(path)) ?? nothing;
    const now = new Date();
    // What was not used for longest is removed first; a folder that cannot be written to is left as it is.
    if (held !== nothing) await utimes(path, now, now).catch(() => undefined);
    const isUnchanged = async () => (await nameFor(source, dtype)) === name;
    return new PreparedFile(real, path, held, isUnchanged);
  }

  /**
   * The place of a part.
   *
   * @param key names its content: what it is made of and how
   * @param length in bytes
   * @param read makes it, when the file is written
   * @returns its first byte
   */
  place(key: string, length: number, read: () => Promise<Uint8Array>): number {
    const known = this.#held.parts.get(key) ?? this.#missing.get(key);
    if (known?.length === length) {
      this.#places.set(key, known);
      return known.offset;
    }
    const part = { key, length, offset: this.#end, read };
    this.#missing.set(key, part);
    this.#places.set(key, part);
    this.#end = aligned(part.offset + length);
    return part.offset;
  }

  /** @param check of the source, made before the file is written: a file tells that it has passed */
  checkFirst(check: () => Promise<void>): void {
    this.#checks.push(check);
  }

  /**
   * Writes what the file lacks; what it has stays where it is. Readers see the old file or the new one.
   *
   * @returns false when it cannot be kept: no room, a folder that is not writable, or a model that changed meanwhile
   * @throws whatever a check or a part throws
   */
  async complete(): Promise<boolean> {
    if (this.#missing.size === 0) return true;
    for (const check of this.#checks) await check();
    let failure: unknown = null;
    try {
      if (!(await makeRoom(this.#folder, this.#end))) return false;
      const pieces = withSum(this.#pieces((error) => (failure = error)));
      await writeFileAtomic(this.path, pieces);
    } catch (error) {
      if (failure !== null) throw failure;
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      return false;
    }
    if (!(await this.#isSourceUnchanged())) {
      await rm(this.path, { force: true });
      return false;
    }
    const written = await readHeld(this.path);
    if (!written || !this.#fits(written)) return false;
    this.#inode = written.inode;
    return true;
  }

  /** Whether the file is the one whose parts are known: asked when all has been mapped. */
  async isInPlace(): Promise<boolean> {
    const found = await stat(this.path, { bigint: true }).catch(() => null);
    return found?.ino === this.#inode;
  }

  #fits({ parts }: Held): boolean {
    return [...this.#places].every(([key, { offset, length }]) => {
      const part = parts.get(key);
      return part?.offset === offset && part.length === length;
    });
  }

  /** @param onFailure is told what a part threw, which is no matter of the disk */
  async *#pieces(onFailure: (error: unknown) => void): AsyncGenerator<Uint8Array> {
    const parts = [...this.#held.parts].map(([key, { offset, length }]) => [key, offset, length]);
    if (this.#held.bytes > 0) {
      yield* filePieces(this.path, this.#held.bytes);
      if (!(await this.isInPlace())) throw Object.assign(new Error('replaced'), { code: 'ESTALE' });
    }
    for (const { key, offset, length, read } of this.#missing.values()) {
      let bytes: Uint8Array;
      try {
        bytes = await read();
        if (bytes.length !== length) throw new RangeError(`${key} has ${bytes.length} bytes`);
      } catch (error) {
        onFailure(error);
        throw error;
      }
      yield bytes;
      yield new Uint8Array(aligned(length) - length);
      parts.push([key, offset, length]);
    }
    const table = Buffer.from(JSON.stringify(parts));
    const size = Buffer.alloc(4);
    size.writeUInt32LE(table.length);
    yield table;
    yield size;
  }
}

const aligned = (offset: number) => Math.ceil(offset / alignment) * alignment;

async function* filePieces(path: string, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < length; at += pieceBytes) {
    const piece = new Uint8Array(Math.min(pieceBytes, length - at));
    await withFile(path, (handle) => readExactly(handle, piece, at, path));
    yield piece;
  }
}

async function* withSum(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let sum = 0;
  for await (const piece of pieces) {
    sum = crc32(piece, sum);
    yield piece;
  }
  const end = Buffer.alloc(4 + mark.length);
  end.writeUInt32LE(sum);
  end.write(mark, 4, 'latin1');
  yield end;
}

/** Null for models whose weights are not all in files, and small ones. */
async function nameFor(
  { digest, weights }: ModelSource,
  dtype: WeightDtype,
): Promise<string | null> {
  const files = new Map<string, string>();
  let total = 0;
  const hash = createHash('sha256');
  for (const { name, format, shape, rowOrder, location } of weights.values()) {
    if (location.kind === 'memory') return null;
    const { path, offset, length } = location;
    total += length;
    if (!files.has(path)) {
      const found = await stat(path, { bigint: true }).catch(() => null);
      if (found === null) return null;
      const { size, mtimeNs, ctimeNs } = found;
      files.set(path, `${files.size}/${size}/${mtimeNs}/${ctimeNs}`);
    }
    hash.update(JSON.stringify([name, format, shape, files.get(path), offset, length]));
    if (rowOrder) hash.update(rowOrder);
  }
  if (total < fewestBytes) return null;
  hash.update(JSON.stringify([version, digest, dtype]));
  return `${hash.digest('hex')}.weights`;
}

interface Held {
  readonly parts: ReadonlyMap<string, Place>;
  /** Of all parts: where the table begins. */
  readonly bytes: number;
  readonly inode: bigint;
}

const nothing: Held = { parts: new Map(), bytes: 0, inode: -1n };

/** What a file holds; null when there is none, or it is damaged. */
async function readHeld(path: string): Promise<Held | null> {
  try {
    return await withFile(path, (handle, size) => readTable(handle, size, path));
  } catch {
    return null;
  }
}

async function readTable(handle: FileHandle, size: number, path: string): Promise<Held | null> {
  if (size < endBytes) return null;
  const end = Buffer.alloc(endBytes);
  await readExactly(handle, end, size - endBytes, path);
  const tableBytes = end.readUInt32LE(0);
  const bytes = size - endBytes - tableBytes;
  if (end.toString('latin1', 8) !== mark || bytes < 0) return null;
  let sum = 0;
  const piece = new Uint8Array(pieceBytes);
  for (let at = 0; at < size - 4 - mark.length; ) {
    const part = piece.subarray(0, Math.min(pieceBytes, size - 4 - mark.length - at));
    await readExactly(handle, part, at, path);
    sum = crc32(part, sum);
    at += part.length;
  }
  if (sum !== end.readUInt32LE(4)) return null;
  const table = new Uint8Array(tableBytes);
  await readExactly(handle, table, bytes, path);
  const parts = JSON.parse(Buffer.from(table).toString()) as [string, number, number][];
  const places = parts.map(([key, offset, length]) => [key, { offset, length }] as const);
  const { ino: inode } = await handle.stat({ bigint: true });
  return { parts: new Map(places), bytes, inode };
}
