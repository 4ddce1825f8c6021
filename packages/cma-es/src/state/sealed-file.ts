import {
  FileFormatError,
  type ParsedTensor,
  parseSafetensors,
  serializeSafetensors,
  type TensorArray,
  type TensorData,
} from '@namm/core/portable';
import { checksum } from './checksum.js';

const version = '1';

const bytesOf = (data: TensorArray) =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** JSON keeps no infinities, which limits may be. */
function encodeNumber(_: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  return { number: String(value) };
}

function decodeNumber(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('number' in value)) return value;
  return Number(value.number);
}

/** CRC-32 of the JSON, then of the tensors' names and bytes in the order of the names. */
function checksumOf(json: string, tensors: Iterable<readonly [string, Uint8Array]>): string {
  const encoder = new TextEncoder();
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  const pieces = sorted.flatMap(([name, bytes]) => [encoder.encode(name), bytes]);
  return checksum([encoder.encode(json), ...pieces]);
}

/**
 * A safetensors file whose metadata are `format`, `version`, `state` (JSON) and `checksum`, which covers the state
 * and all tensors.
 */
export function writeSealed(
  format: string,
  state: unknown,
  tensors: readonly (readonly [string, TensorData])[],
): Uint8Array {
  const json = JSON.stringify(state, encodeNumber);
  const covered = tensors.map(([name, { data }]) => [name, bytesOf(data)] as const);
  const sum = checksumOf(json, covered);
  return serializeSafetensors(tensors, { format, version, state: json, checksum: sum });
}

/**
 * The state and tensors of {@link writeSealed}. The checksum finds accidents, not forgeries.
 *
 * @param name what the bytes are, for error messages
 * @throws {FileFormatError} for bytes that are cut off, damaged, or of another format
 */
export function readSealed(
  bytes: Uint8Array,
  format: string,
  name: string,
): { readonly state: unknown; readonly tensors: ReadonlyMap<string, ParsedTensor> } {
  const { metadata, tensors } = parseSafetensors(bytes, name);
  const fail = (problem: string) => new FileFormatError(name, problem);
  if (metadata.get('format') !== format) throw fail('is a safetensors file of something else');
  if (metadata.get('version') !== version) {
    throw fail(`has version ${metadata.get('version')}; version ${version} is read here`);
  }
  const json = metadata.get('state') ?? '';
  const covered = Array.from(tensors, ([tensor, { bytes: data }]) => [tensor, data] as const);
  if (checksumOf(json, covered) !== metadata.get('checksum')) {
    throw fail('is damaged: its checksum is not that of its content; take another copy');
  }
  return { state: JSON.parse(json, decodeNumber), tensors };
}
