import { readFile, stat } from 'node:fs/promises';
import { TokenizerError } from './tokenizer-error.js';

/** In bytes. The largest published tokenizers have some 35 MB; parsed, they take many times that. */
const longestFile = 200_000_000;

/**
 * The text of a file.
 *
 * @returns null when there is no such file
 * @throws {TokenizerError} when it cannot be read or is too long
 */
export async function readTextIfThere(file: string): Promise<string | null> {
  try {
    const { size } = await stat(file);
    if (size <= longestFile) return await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new TokenizerError(file, `cannot be read (${String(cause)}); fetch it again`, { cause });
  }
  throw new TokenizerError(file, `is longer than ${longestFile} bytes; is this the right file?`);
}

/**
 * The JSON object that a file holds.
 *
 * @returns null when there is no such file
 * @throws {TokenizerError} when it holds anything else
 */
export async function readJsonObject(file: string): Promise<Record<string, unknown> | null> {
  const text = await readTextIfThere(file);
  if (text === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TokenizerError(file, 'is not valid JSON; fetch it again', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TokenizerError(file, 'holds no JSON object; fetch it again');
  }
  return value as Record<string, unknown>;
}
