import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  FileFormatError,
  NammError,
  parseSealedJson,
  sealedJson,
  writeFileAtomic,
} from '@namm/core';
import { CacheSaveError } from '@namm/kv-cache';
import { Sequence } from './sequence.js';
import type { CacheOptions, SequenceModel } from './sequence-model.js';
import { TokenLog } from './token-log.js';

/** Names the files of the sequences and holds their ids; a saved cache is what this file says. */
const indexName = 'cache.json';
const sequenceName = /^sequence-\d+-[0-9a-f]{12}\.safetensors$/;
const format = 'namm-text-cache';

/** No index of a cache that any model could read comes near. */
const longestIndex = 1_000_000_000;

interface SavedSequence {
  readonly file: string;
  readonly tokens: readonly number[];
  /** The token that was written last, if it has not been read. */
  readonly pending: number | null;
}

/**
 * Writes sequences into a folder. Until the index is replaced, which happens at once, an older cache in the
 * folder stands as it was.
 *
 * @throws {CacheSaveError} when the folder cannot be written to
 */
export async function saveSequences(sequences: readonly Sequence[], folder: string): Promise<void> {
  try {
    await writeSequences(sequences, folder);
  } catch (cause) {
    if (NammError.isInstance(cause)) throw cause;
    throw new CacheSaveError(folder, cause);
  }
}

async function writeSequences(sequences: readonly Sequence[], folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const stamp = randomBytes(6).toString('hex');
  const saved: SavedSequence[] = [];
  for (const [i, { cache, ids, pending }] of sequences.entries()) {
    const file = `sequence-${i}-${stamp}.safetensors`;
    await cache.save(join(folder, file));
    saved.push({ file, tokens: [...ids], pending });
  }
  await writeFileAtomic(join(folder, indexName), sealedJson({ format, sequences: saved }));
  for (const name of await readdir(folder)) {
    if (sequenceName.test(name) && !name.includes(stamp)) await rm(join(folder, name));
  }
}

/**
 * The sequences that {@link saveSequences} wrote.
 *
 * @throws {FileFormatError} when a file cannot be read, is cut off, or is not a saved cache
 * @throws {CacheMismatchError} when it was saved with another model, policy or settings
 */
export async function restoreSequences(
  model: SequenceModel,
  options: CacheOptions,
  folder: string,
): Promise<Sequence[]> {
  const index = join(folder, indexName);
  const sequences: Sequence[] = [];
  try {
    for (const { file, tokens, pending } of await readIndex(index)) {
      const { policy } = options;
      const cache = await model.restoreCache(join(folder, file), policy ? { policy } : {});
      const log = new TokenLog();
      log.append(tokens);
      sequences.push(new Sequence(cache, { log, pending }));
      if (tokens.length <= cache.seen) continue;
      throw new FileFormatError(
        index,
        `lists ${tokens.length} tokens, but ${file} has seen ${cache.seen}`,
      );
    }
  } catch (error) {
    await Promise.all(sequences.map((sequence) => sequence.release()));
    throw error;
  }
  return sequences;
}

async function readIndex(path: string): Promise<readonly SavedSequence[]> {
  let value: { format?: unknown; sequences?: unknown } | null;
  try {
    const found = await stat(path);
    if (!found.isFile() || found.size > longestIndex)
      throw new Error('it is not a file of a saved cache');
    value = parseSealedJson(await readFile(path, 'utf8')) as typeof value;
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new FileFormatError(path, `cannot be read (${said}); was a cache saved there?`, {
      cause,
    });
  }
  if (value?.format !== format || !Array.isArray(value.sequences)) {
    throw new FileFormatError(
      path,
      `is not the index of a saved cache: its format is not '${format}'`,
    );
  }
  for (const [i, sequence] of value.sequences.entries()) {
    const problem = problemOf(sequence);
    if (problem) throw new FileFormatError(path, `sequence ${i}: ${problem}`);
  }
  return value.sequences;
}

function problemOf(sequence: Partial<SavedSequence> | null): string | null {
  const { file, tokens, pending } = sequence ?? {};
  // The name becomes part of a path.
  if (typeof file !== 'string' || !sequenceName.test(file))
    return `${JSON.stringify(file)} is not a file of it`;
  if (!Array.isArray(tokens) || !tokens.every(isCount)) return 'tokens is not a list of token ids';
  if (pending !== null && !isCount(pending)) return `pending is ${JSON.stringify(pending)}`;
  return null;
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31;
}
