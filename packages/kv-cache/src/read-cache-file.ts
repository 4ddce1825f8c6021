import { FileFormatError } from '@namm/core';
import { openSafetensors, type SafetensorsFile } from '@namm/tensors';
import type { CacheContents, HeadContents } from './cache-contents.js';
import { CacheMismatchError } from './cache-errors.js';
import { hasCompactPositions } from './compact-positions.js';
import { contentsDigest } from './contents-digest.js';
import type { CacheShape } from './contracts/cache-shape.js';
import type { EvictionPolicy } from './contracts/eviction-policy.js';
import { checkPolicy } from './saved-state.js';
import { cacheFormat, headName } from './write-cache-file.js';

/**
 * Reads what `writeCacheFile` wrote. Nothing is taken on trust: sizes, order, finiteness and a
 * digest are checked.
 *
 * @throws {FileFormatError} when the file cannot be read, is cut off, or holds no cache of this shape
 * @throws {CacheMismatchError} when it is a cache of another model, or of another policy
 */
export async function readCacheFile(
  path: string,
  shape: CacheShape,
  policy: EvictionPolicy,
): Promise<CacheContents> {
  const file = await openSafetensors(path);
  if (file.metadata.get('format') !== cacheFormat) {
    throw new FileFormatError(
      path,
      `is a safetensors file, but its format is not '${cacheFormat}'`,
    );
  }
  const model = text(file, 'model');
  if (model !== shape.model) throw new CacheMismatchError(path, 'model', model, shape.model);
  const settings = json(file, 'settings');
  checkPolicy(path, { policy: text(file, 'policy'), settings }, policy);
  const seen = count(file, 'seen');
  const nextPosition = count(file, 'nextPosition');
  const positions = choice(file, 'positions', ['absolute', 'compact']);
  const keepOutsideWindow = choice(file, 'keepOutsideWindow', ['true', 'false']) === 'true';
  const compact = hasCompactPositions({ positions });
  if (compact ? nextPosition > seen : nextPosition !== seen) {
    throw new FileFormatError(path, `nextPosition ${nextPosition} does not go with ${seen} tokens`);
  }
  const heads: HeadContents[][] = [];
  for (const [layer, { keyValueHeads, headSize }] of shape.layers.entries()) {
    heads.push([]);
    for (let head = 0; head < keyValueHeads; head++) {
      const name = headName(layer, head);
      const marks = await ascending(file, `${name}.positions`, nextPosition);
      const tokens = compact ? await ascending(file, `${name}.tokens`, seen) : marks;
      if (tokens.length !== marks.length) {
        throw new FileFormatError(
          path,
          `${name} has ${tokens.length} tokens and ${marks.length} rows`,
        );
      }
      heads[layer]!.push({
        keys: await rows(file, `${name}.keys`, marks.length, headSize),
        values: await rows(file, `${name}.values`, marks.length, headSize),
        positions: marks,
        tokens,
      });
    }
  }
  const expected = 1 + heads.flat().length * (compact ? 4 : 3);
  if (file.tensors.size !== expected) {
    throw new FileFormatError(path, `holds ${file.tensors.size} tensors instead of ${expected}`);
  }
  const state = await file.readBytes('policy');
  const contents = { seen, nextPosition, positions, keepOutsideWindow, heads, state };
  if (contentsDigest(contents) !== text(file, 'digest')) {
    throw new FileFormatError(path, 'its numbers are not those that were saved; use another copy');
  }
  return contents;
}

function text(file: SafetensorsFile, key: string): string {
  const value = file.metadata.get(key);
  if (value !== undefined) return value;
  throw new FileFormatError(file.path, `its metadata has no ${key}`);
}

function json(file: SafetensorsFile, key: string): unknown {
  try {
    return JSON.parse(text(file, key));
  } catch (cause) {
    throw new FileFormatError(file.path, `${key} in its metadata is not JSON`, { cause });
  }
}

function count(file: SafetensorsFile, key: string): number {
  const value = text(file, key);
  const number = Number(value);
  if (/^\d+$/.test(value) && number < 2 ** 31) return number;
  throw new FileFormatError(file.path, `${key} in its metadata is '${value}', not a count`);
}

function choice<T extends string>(file: SafetensorsFile, key: string, allowed: readonly T[]): T {
  const value = text(file, key);
  if ((allowed as readonly string[]).includes(value)) return value as T;
  throw new FileFormatError(
    file.path,
    `${key} in its metadata is '${value}', not one of ${allowed}`,
  );
}

/** Ascending integers from 0 to below `end`. */
async function ascending(file: SafetensorsFile, name: string, end: number): Promise<Int32Array> {
  const { dtype, shape } = file.entry(name);
  if (dtype !== 'I32' || shape.length !== 1) {
    throw new FileFormatError(file.path, `${name} is ${dtype} [${shape}] instead of I32 [rows]`);
  }
  const bytes = await file.readBytes(name);
  const numbers = new Int32Array(bytes.buffer);
  for (let i = 0, last = -1; i < numbers.length; last = numbers[i++]!) {
    if (numbers[i]! > last && numbers[i]! < end) continue;
    const problem = `${name}: ${numbers[i]} after ${last}, where numbers ascend to below ${end}`;
    throw new FileFormatError(file.path, problem);
  }
  return numbers;
}

/** Finite numbers `[rows, size]`. */
async function rows(
  file: SafetensorsFile,
  name: string,
  length: number,
  size: number,
): Promise<Float32Array> {
  const { dtype, shape } = file.entry(name);
  if (dtype !== 'F32' || shape.length !== 2 || shape[0] !== length || shape[1] !== size) {
    const problem = `${name} is ${dtype} [${shape}] instead of F32 [${length},${size}]`;
    throw new FileFormatError(file.path, problem);
  }
  const numbers = await file.readFloat32(name);
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += Math.abs(numbers[i]!);
  if (Number.isFinite(sum)) return numbers;
  throw new FileFormatError(file.path, `${name} holds numbers that are not finite`);
}
