import type { Dtype } from './dtype.js';
import { lengthBytes, parseHeaderLength } from './header-length.js';
import { parseHeader } from './parse-header.js';

/** A tensor of a file in memory. */
export interface ParsedTensor {
  readonly dtype: Dtype;
  /** Row-major dimensions; empty for a single number. */
  readonly shape: readonly number[];
  /** A copy of its bytes, so aligned for any typed array. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A file in memory. */
export interface ParsedSafetensors {
  readonly metadata: ReadonlyMap<string, string>;
  /** By name, in the order of their data. */
  readonly tensors: ReadonlyMap<string, ParsedTensor>;
}

/**
 * Parses the bytes of a `.safetensors` file, trusted or not, with the checks of `openSafetensors`.
 *
 * @param name what the bytes are, for error messages
 * @throws {FileFormatError} naming the tensor at fault, and what to do
 *
 * @example
 * ```ts
 * const { tensors } = parseSafetensors(bytes, 'state');
 * const scale = new Float32Array(tensors.get('scale')!.bytes.buffer);
 * ```
 */
export function parseSafetensors(bytes: Uint8Array, name: string): ParsedSafetensors {
  const size = bytes.byteLength;
  const dataOffset = lengthBytes + parseHeaderLength(bytes, size, name);
  const header = parseHeader(bytes.subarray(lengthBytes, dataOffset), {
    path: name,
    size,
    dataOffset,
  });
  const tensors = Array.from(header.tensors.values(), (entry) => {
    const { dtype, shape, offset, byteLength } = entry;
    const copy = new Uint8Array(byteLength);
    copy.set(bytes.subarray(offset, offset + byteLength));
    return [entry.name, { dtype, shape, bytes: copy }] as const;
  });
  return { metadata: header.metadata, tensors: new Map(tensors) };
}
