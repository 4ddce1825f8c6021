import { safetensorsPieces, type TensorData } from './safetensors-pieces.js';

/**
 * The bytes of a `.safetensors` file, made in memory. The same tensors and metadata give the same bytes.
 *
 * @param tensors pairs of name and tensor: a Map, or `Object.entries` of an object
 * @param metadata strings for the header's `__metadata__`
 * @throws {InvalidArgumentError} for two tensors of one name, or data that does not fill its shape
 *
 * @example
 * ```ts
 * const scale = { shape: [2], data: Float32Array.of(1, 2) };
 * const bytes = serializeSafetensors(Object.entries({ scale }));
 * ```
 */
export function serializeSafetensors(
  tensors: Iterable<readonly [string, TensorData]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const pieces = safetensorsPieces(tensors, metadata);
  const result = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let end = 0;
  for (const piece of pieces) {
    result.set(piece, end);
    end += piece.byteLength;
  }
  return result;
}
