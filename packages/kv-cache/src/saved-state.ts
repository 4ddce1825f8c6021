import { isDeepStrictEqual } from 'node:util';
import { FileFormatError } from '@namm/core';
import { CacheMismatchError } from './cache-errors.js';
import type { EvictionPolicy } from './contracts/eviction-policy.js';

/** Arrays that a state can be made of. */
export type StateArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

/** A policy, as far as it says whose state some bytes are. */
type PolicyIdentity = Pick<EvictionPolicy, 'name' | 'settings'>;

const arrayTypes = { Float32Array, Float64Array, Int32Array, Uint32Array, Uint8Array } as const;
type ArrayType = keyof typeof arrayTypes;

const magic = new TextEncoder().encode('NAMMSTAT');
const lengthBytes = 4;

interface Header {
  readonly policy: string;
  readonly settings: unknown;
  /** Type and length of each array. */
  readonly arrays: readonly (readonly [ArrayType, number])[];
}

/**
 * Writes a policy's state: whose it is, and arrays of numbers. The layout is magic, header length (32
 * bits), header as JSON, and the arrays, each aligned to 8 bytes; little-endian.
 *
 * @example
 * ```ts
 * const saved = packState(policy, [sums]); // in PolicyState.save
 * const [sums] = unpackState(policy, saved); // in EvictionPolicy.restore
 * ```
 */
export function packState(policy: PolicyIdentity, arrays: readonly StateArray[]): Uint8Array {
  const header: Header = {
    policy: policy.name,
    settings: policy.settings,
    arrays: arrays.map((array) => [typeOf(array), array.length]),
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const { offsets, end } = layout(text.length, header.arrays);
  const bytes = new Uint8Array(end);
  bytes.set(magic);
  new DataView(bytes.buffer).setUint32(magic.length, text.length, true);
  bytes.set(text, magic.length + lengthBytes);
  for (const [i, { buffer, byteOffset, byteLength }] of arrays.entries()) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), offsets[i]!);
  }
  return bytes;
}

/**
 * Reads what {@link packState} wrote for the same policy.
 *
 * @throws {FileFormatError} when the bytes are cut off or something else
 * @throws {CacheMismatchError} when they are of another policy, or of one with other settings
 */
export function unpackState(policy: PolicyIdentity, saved: Uint8Array): StateArray[] {
  const what = `saved state of the policy '${policy.name}'`;
  const { header, textLength } = readHeader(saved, what);
  checkPolicy(what, header, policy);
  const { offsets, end } = layout(textLength, header.arrays);
  if (end !== saved.length) {
    throw new FileFormatError(what, `has ${saved.length} bytes instead of ${end}`);
  }
  return header.arrays.map(([type, length], i) => {
    const bytes = saved.slice(
      offsets[i]!,
      offsets[i]! + length * arrayTypes[type].BYTES_PER_ELEMENT,
    );
    return new arrayTypes[type](bytes.buffer, 0, length);
  });
}

/**
 * Checks that something was saved with this policy.
 *
 * @throws {CacheMismatchError} when its name or settings differ
 */
export function checkPolicy(
  file: string,
  saved: { readonly policy: unknown; readonly settings: unknown },
  policy: PolicyIdentity,
): void {
  if (saved.policy !== policy.name) {
    throw new CacheMismatchError(file, 'policy', saved.policy, policy.name);
  }
  const settings: unknown = JSON.parse(JSON.stringify(policy.settings));
  if (!isDeepStrictEqual(saved.settings, settings)) {
    throw new CacheMismatchError(file, `settings of '${policy.name}'`, saved.settings, settings);
  }
}

/**
 * Checks that a state has the arrays that its reader expects.
 *
 * @throws {FileFormatError} when number or types differ
 */
export function expectArrays<T extends readonly ArrayType[]>(
  arrays: readonly StateArray[],
  types: T,
): { [K in keyof T]: InstanceType<(typeof arrayTypes)[T[K]]> } {
  const found = arrays.map(typeOf);
  if (isDeepStrictEqual(found, types)) return arrays as never;
  throw badState(`holds [${found}] where [${types}] is needed`);
}

export function badState(problem: string): FileFormatError {
  return new FileFormatError('saved policy state', problem);
}

function typeOf(array: StateArray): ArrayType {
  return array.constructor.name as ArrayType;
}

function layout(textLength: number, arrays: Header['arrays']) {
  const aligned = (offset: number) => Math.ceil(offset / 8) * 8;
  let end = aligned(magic.length + lengthBytes + textLength);
  const offsets = arrays.map(([type, length]) => {
    const offset = end;
    end = aligned(end + length * arrayTypes[type].BYTES_PER_ELEMENT);
    return offset;
  });
  return { offsets, end };
}

function readHeader(saved: Uint8Array, what: string): { header: Header; textLength: number } {
  const fail = (problem: string, cause?: unknown): never => {
    throw new FileFormatError(what, problem, cause === undefined ? {} : { cause });
  };
  if (!(saved instanceof Uint8Array)) fail('is not a Uint8Array');
  const start = magic.length + lengthBytes;
  if (saved.length < start || magic.some((byte, i) => saved[i] !== byte)) {
    fail('does not begin as a saved state does');
  }
  const view = new DataView(saved.buffer, saved.byteOffset, saved.byteLength);
  const textLength = view.getUint32(magic.length, true);
  if (textLength > saved.length - start) fail('is cut off');
  let header: Partial<Header> | null = null;
  try {
    const bytes = saved.subarray(start, start + textLength);
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    fail('has a header that is not JSON', cause);
  }
  const isArray = (entry: unknown) =>
    Array.isArray(entry) &&
    Object.hasOwn(arrayTypes, entry[0]) &&
    Number.isSafeInteger(entry[1]) &&
    entry[1] >= 0;
  if (typeof header?.policy !== 'string' || !Array.isArray(header.arrays)) {
    fail('has a header without policy or arrays');
  }
  if (!header!.arrays!.every(isArray)) fail('has an array of no known type and length');
  return { header: header as Header, textLength };
}
