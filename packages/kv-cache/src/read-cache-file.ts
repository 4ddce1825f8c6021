import { FileFormatError, InvalidArgumentError } from '@namm/core';
import { openSafetensors, type SafetensorsFile, type TensorData } from '@namm/tensors';
import { CacheMismatchError } from './cache-errors.js';
import {
  attachedPrefix,
  type CacheContents,
  cacheFormat,
  cacheVersion,
  fileDigest,
  headName,
  policyPrefix,
  rowParts,
  stateName,
} from './cache-file.js';
import { checkSavedPolicy } from './check-saved-policy.js';
import { hasCompactPositions } from './compact-positions.js';
import type { CacheDtype, CacheShape } from './contracts/cache-shape.js';
import type { EvictionPolicy } from './contracts/eviction-policy.js';
import type { ProtectedSpan } from './contracts/protected-span.js';
import type { StateTensor } from './contracts/saved-state.js';
import type { StoredRows } from './contracts/segments.js';
import type { DecideAfter } from './contracts/sequence-model.js';
import { decideAfterChoices } from './decide-after.js';
import { ProtectedSpans } from './protected-spans.js';
import type { HeadContents } from './row-buffer.js';
import { cacheDtype, cacheDtypes, noRows } from './stored-rows.js';

/**
 * Reads what `writeCacheFile` wrote. Nothing is trusted: sizes, order, finiteness and a digest are checked.
 *
 * @param path of the file
 * @throws {FileFormatError} when the file cannot be read, is truncated, was saved by an earlier version, or does not
 *   hold a cache of this shape
 * @throws {CacheMismatchError} when it is a cache of another model, or of another policy
 */
export async function readCacheFile(
  path: string,
  shape: CacheShape,
  policy: EvictionPolicy,
): Promise<CacheContents> {
  const file = await openSafetensors(path);
  checkFormat(file);
  const model = text(file, 'model');
  if (model !== shape.model) throw new CacheMismatchError(path, 'model', model, shape.model);
  const [saved, dtype] = [choice(file, 'dtype', cacheDtypes), cacheDtype(shape)];
  if (saved !== dtype) throw new CacheMismatchError(path, 'dtype', saved, dtype);
  const settings = json(file, 'settings');
  checkSavedPolicy(path, { policy: text(file, 'policy'), settings }, policy);
  const seen = count(file, 'seen');
  const nextPosition = count(file, 'nextPosition');
  const nextAxisPosition = count(file, 'nextAxisPosition');
  const positions = choice(file, 'positions', ['absolute', 'compact']);
  const keepOutsideWindow = choice(file, 'keepOutsideWindow', ['true', 'false']) === 'true';
  const decideAfter = decideAfterOf(file);
  const protectedSpans = spans(file, 'protectedSpans');
  const compact = hasCompactPositions({ positions });
  if (compact ? nextPosition > seen : nextPosition !== seen) {
    throw new FileFormatError(path, `nextPosition ${nextPosition} does not go with ${seen} tokens`);
  }
  const all = new Map<string, TensorData>();
  const read = async <T extends TensorData>(name: string, tensor: Promise<T>) => {
    all.set(name, await tensor);
    return (await tensor).data as T['data'];
  };
  const axes = shape.positionAxes ?? 0;
  const heads: HeadContents[][] = [];
  for (const [layer, { keyValueHeads, headSize }] of shape.layers.entries()) {
    heads.push([]);
    for (let head = 0; head < keyValueHeads; head++) {
      const name = (part: string) => `${headName(layer, head)}.${part}`;
      const get = <T extends TensorData>(part: string, tensor: (full: string) => Promise<T>) =>
        read(name(part), tensor(name(part)));
      const marks = await get('positions', (full) => ascending(file, full, nextPosition));
      const tokens = compact ? await get('tokens', (full) => ascending(file, full, seen)) : marks;
      if (tokens.length !== marks.length) {
        const problem = `has ${tokens.length} tokens and ${marks.length} rows`;
        throw new FileFormatError(path, `${headName(layer, head)} ${problem}`);
      }
      const stored: Partial<Record<(typeof rowParts)[number], StoredRows>> = {};
      for (const part of rowParts) {
        const size = [marks.length, headSize];
        stored[part] = {
          numbers: await get(part, (full) => numbers(file, full, dtype, size)),
          scales:
            dtype === 'int8'
              ? await get(`${part}.scales`, (full) => finite(file, full, [marks.length]))
              : noRows(dtype).scales,
        };
      }
      heads[layer]!.push({
        keys: stored.keys!,
        values: stored.values!,
        positions: marks,
        tokens,
        axes:
          axes === 0
            ? new Int32Array(0)
            : await get('axes', (full) => integers(file, full, [marks.length, axes])),
      });
    }
  }
  const states: Float32Array[] = [];
  for (const [i, { size }] of (shape.states ?? []).entries()) {
    states.push(await read(stateName(i), finite(file, stateName(i), [size])));
  }
  const state = new Map<string, StateTensor>();
  const attached = new Map<string, StateTensor>();
  for (const name of file.tensors.keys()) {
    if (all.has(name)) continue;
    const isAttached = name.startsWith(attachedPrefix);
    if (!isAttached && !name.startsWith(policyPrefix)) {
      throw new FileFormatError(path, `holds a tensor ${JSON.stringify(name)}, which no cache has`);
    }
    const tensor = await stateTensor(file, name);
    all.set(name, tensor);
    if (isAttached) attached.set(name.slice(attachedPrefix.length), tensor);
    else state.set(name.slice(policyPrefix.length), tensor);
  }
  if (fileDigest(all, Object.fromEntries(file.metadata)) !== text(file, 'digest')) {
    throw new FileFormatError(path, 'its numbers are not those that were saved; use another copy');
  }
  const point = { seen, nextPosition, nextAxisPosition, states };
  const options = { positions, keepOutsideWindow, decideAfter, protectedSpans };
  return { ...point, ...options, heads, state, attached };
}

function checkFormat({ path, metadata }: SafetensorsFile): void {
  if (metadata.get('format') !== cacheFormat) {
    const problem = `is a safetensors file, but its format is not '${cacheFormat}'`;
    throw new FileFormatError(path, problem);
  }
  const version = metadata.get('version') ?? '1';
  if (version === cacheVersion) return;
  const problem = `is a cache of version ${version}, and version ${cacheVersion} is read here`;
  throw new FileFormatError(path, `${problem}; read the text again and save the cache anew`);
}

function text(file: SafetensorsFile, key: string): string {
  const value = file.metadata.get(key);
  if (value !== undefined) return value;
  throw new FileFormatError(file.path, `its metadata has no ${key}`);
}

function spans(file: SafetensorsFile, key: string): readonly ProtectedSpan[] {
  const value = json(file, key);
  try {
    return new ProtectedSpans(value as ProtectedSpan[]).spans;
  } catch (cause) {
    if (!(cause instanceof InvalidArgumentError)) throw cause;
    throw new FileFormatError(file.path, `${key} in its metadata: ${cause.message}`, { cause });
  }
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

/** Ascending integers `[rows]` from 0 to below `end`. */
async function ascending(file: SafetensorsFile, name: string, end: number) {
  const { dtype, shape } = file.entry(name);
  if (dtype !== 'I32' || shape.length !== 1) {
    throw new FileFormatError(file.path, `${name} is ${dtype} [${shape}] instead of I32 [rows]`);
  }
  const tensor = await integers(file, name, shape);
  const numbers = tensor.data;
  for (let i = 0, last = -1; i < numbers.length; last = numbers[i++]!) {
    if (numbers[i]! > last && numbers[i]! < end) continue;
    const problem = `${name}: ${numbers[i]} after ${last}, where numbers ascend to below ${end}`;
    throw new FileFormatError(file.path, problem);
  }
  return tensor;
}

function decideAfterOf(file: SafetensorsFile): DecideAfter {
  if (/^[1-9]\d{0,8}$/.test(text(file, 'decideAfter'))) return count(file, 'decideAfter');
  return choice(file, 'decideAfter', decideAfterChoices);
}

async function integers(file: SafetensorsFile, name: string, shape: readonly number[]) {
  checkEntry(file, name, 'I32', shape);
  const bytes = await file.readBytes(name);
  return { shape, data: new Int32Array(bytes.buffer) };
}

/** Keys or values as they are held. */
async function numbers(
  file: SafetensorsFile,
  name: string,
  dtype: CacheDtype,
  shape: readonly number[],
): Promise<{ shape: readonly number[]; dtype?: 'F16'; data: StoredRows['numbers'] }> {
  if (dtype === 'fp32') return finite(file, name, shape);
  checkEntry(file, name, dtype === 'int8' ? 'I8' : 'F16', shape);
  const { buffer } = await file.readBytes(name);
  if (dtype === 'int8') return { shape, data: new Int8Array(buffer) };
  const data = new Uint16Array(buffer);
  // All bits of the exponent: infinite, or not a number.
  if (data.some((bits) => (bits & 0x7c00) === 0x7c00)) notFinite(file, name);
  return { shape, dtype: 'F16', data };
}

/** Finite float32. */
async function finite(file: SafetensorsFile, name: string, shape: readonly number[]) {
  checkEntry(file, name, 'F32', shape);
  const data = await file.readFloat32(name);
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += Math.abs(data[i]!);
  if (!Number.isFinite(sum)) notFinite(file, name);
  return { shape, data };
}

function notFinite(file: SafetensorsFile, name: string): never {
  throw new FileFormatError(file.path, `${name} holds numbers that are not finite`);
}

function checkEntry(
  file: SafetensorsFile,
  name: string,
  dtype: string,
  shape: readonly number[],
): void {
  const entry = file.entry(name);
  if (entry.dtype === dtype && String(entry.shape) === String(shape)) return;
  const problem = `${name} is ${entry.dtype} [${entry.shape}] instead of ${dtype} [${shape}]`;
  throw new FileFormatError(file.path, problem);
}

const stateArrays = {
  F32: Float32Array,
  F64: Float64Array,
  I32: Int32Array,
  U32: Uint32Array,
  U16: Uint16Array,
  F16: Uint16Array,
  U8: Uint8Array,
} as const;

async function stateTensor(file: SafetensorsFile, name: string): Promise<StateTensor> {
  const { dtype, shape } = file.entry(name);
  if (!Object.hasOwn(stateArrays, dtype)) {
    throw new FileFormatError(file.path, `${name} is ${dtype}, which no state of a policy has`);
  }
  const { buffer } = await file.readBytes(name);
  const data = new stateArrays[dtype as keyof typeof stateArrays](buffer as ArrayBuffer);
  return { shape, data, ...(dtype === 'F16' && { dtype }) };
}
