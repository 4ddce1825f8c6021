import type { RetentionBytes, RetentionPart, RetentionRecord, RetentionScores } from '@namm/core';
import { FileFormatError, findRetentionProblem } from '@namm/core';
import type { SafetensorsFile } from '@namm/tensors';
import { openSealedFile } from '@namm/tensors';
import { retentionFormat } from './write-retention-record.js';

/**
 * Reads what {@link writeRetentionRecord} wrote. The file need not be trusted.
 *
 * @throws {FileFormatError} naming the file and what is wrong with it
 *
 * @example
 * ```ts
 * const record = await readRetentionRecord('run.safetensors');
 * const tokens = heldTokens(record, 0, 0, 3);
 * ```
 */
export async function readRetentionRecord(path: string): Promise<RetentionRecord> {
  const file = await openSealedFile(path);
  const format = file.metadata.get('format');
  if (format !== retentionFormat) {
    const found = format === undefined ? 'no format' : `format ${JSON.stringify(format)}`;
    throw new FileFormatError(path, `names ${found}; a retention record says ${retentionFormat}`);
  }
  const headsPerLayer = readHeads(file);
  const heads = headsPerLayer.reduce((sum, count) => sum + count, 0);
  const seen = await readIntegers(file, 'seen', ['U32'], [file.entry('seen').shape[0] ?? 0]);
  const updates = seen.length;
  const tokens = seen.at(-1) ?? 0;
  const has = (name: string) => file.tensors.has(name);
  const record: RetentionRecord = {
    model: metadataOf(file, 'model'),
    policy: metadataOf(file, 'policy'),
    headsPerLayer,
    seen,
    bytes: await readMemory(file, updates),
    evictedAt: await readIntegers(file, 'evicted_at', ['U16', 'U32'], [heads, tokens]),
    scores: await readScores(file, heads, seen),
    ...(has('ids') ? { ids: await readIntegers(file, 'ids', ['U32'], [tokens]) } : {}),
    ...(has('text') ? { pieces: await readPieces(file, tokens) } : {}),
    ...(file.metadata.has('parts') ? { parts: readParts(file) } : {}),
    notes: readNotes(file),
  };
  const problem = findRetentionProblem(record);
  if (problem === null) return record;
  throw new FileFormatError(path, `contradicts itself: ${problem}; write the file again`);
}

function expectTensor(
  file: SafetensorsFile,
  name: string,
  dtypes: readonly string[],
  shape: readonly number[],
): void {
  const found = file.entry(name);
  if (dtypes.includes(found.dtype) && found.shape.join() === shape.join()) return;
  const problem = `is ${found.dtype} [${found.shape}] where ${dtypes.join(' or ')} [${shape}] is needed`;
  throw new FileFormatError(file.path, `tensor ${JSON.stringify(name)} ${problem}`);
}

async function readIntegers(
  file: SafetensorsFile,
  name: string,
  dtypes: readonly string[],
  shape: readonly number[],
): Promise<Uint32Array> {
  expectTensor(file, name, dtypes, shape);
  return Uint32Array.from(await file.readNumbers(name));
}

async function readMemory(file: SafetensorsFile, updates: number): Promise<RetentionBytes> {
  expectTensor(file, 'bytes', ['F64'], [4, updates]);
  const all = await file.readFloat64('bytes');
  const row = (index: number) => all.slice(index * updates, (index + 1) * updates);
  return { allocated: row(0), used: row(1), positions: row(2), policy: row(3) };
}

async function readScores(
  file: SafetensorsFile,
  heads: number,
  seen: Uint32Array,
): Promise<RetentionScores[]> {
  const scores: RetentionScores[] = [];
  for (const name of file.tensors.keys()) {
    const match = /^scores\.(\d+)$/.exec(name);
    if (match === null) continue;
    const update = Number(match[1]);
    expectTensor(file, name, ['F16'], [heads, seen[update] ?? 0]);
    const bytes = await file.readBytes(name);
    scores.push({ update, values: new Uint16Array(bytes.buffer) });
  }
  return scores.sort((a, b) => a.update - b.update);
}

async function readPieces(file: SafetensorsFile, tokens: number): Promise<string[]> {
  expectTensor(file, 'text', ['U8'], [file.entry('text').byteLength]);
  const text = await file.readBytes('text');
  const ends = await readIntegers(file, 'text_ends', ['U32'], [tokens]);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let start = 0;
  const pieces = Array.from(ends, (end, token) => {
    if (end < start || end > text.length) {
      throw new FileFormatError(file.path, `text_ends[${token}] is ${end}, out of order`);
    }
    const bytes = text.subarray(start, end);
    start = end;
    try {
      return decoder.decode(bytes);
    } catch (cause) {
      throw new FileFormatError(file.path, `the text of token ${token} is not UTF-8`, { cause });
    }
  });
  if (start === text.length) return pieces;
  throw new FileFormatError(file.path, `the text continues after its last token, at byte ${start}`);
}

function metadataOf(file: SafetensorsFile, key: string): string {
  const value = file.metadata.get(key);
  if (value !== undefined) return value;
  throw new FileFormatError(file.path, `its metadata lack "${key}"; write the file again`);
}

function jsonOf(file: SafetensorsFile, key: string): unknown {
  const text = metadataOf(file, key);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileFormatError(file.path, `its metadata "${key}" are not JSON`, { cause });
  }
}

function readHeads(file: SafetensorsFile): number[] {
  const heads = jsonOf(file, 'heads_per_layer');
  if (Array.isArray(heads) && heads.every(Number.isInteger)) return heads;
  throw new FileFormatError(file.path, 'heads_per_layer in its metadata is not a list of numbers');
}

/** What they say is checked with the whole record. */
function readParts(file: SafetensorsFile): RetentionPart[] {
  const parts = jsonOf(file, 'parts');
  const isPart = (part: unknown): part is RetentionPart =>
    typeof part === 'object' && part !== null && 'name' in part && 'tokens' in part;
  if (Array.isArray(parts) && parts.every(isPart)) {
    return parts.map(({ name, tokens }) => ({ name, tokens }));
  }
  throw new FileFormatError(
    file.path,
    'the parts in its metadata are not a list of names and tokens',
  );
}

function readNotes(file: SafetensorsFile): Record<string, string> {
  const notes = jsonOf(file, 'notes');
  const isRecord = typeof notes === 'object' && notes !== null && !Array.isArray(notes);
  if (isRecord && Object.values(notes).every((note) => typeof note === 'string')) {
    return notes as Record<string, string>;
  }
  throw new FileFormatError(file.path, 'the notes in its metadata do not map strings to strings');
}
