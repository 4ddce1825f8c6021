import { writeFileAtomic } from '@namm/core';
import { safetensorsPieces, type TensorData } from './safetensors-pieces.js';

/**
 * Writes a `.safetensors` file, atomically. The same tensors and metadata give the same bytes,
 * whatever the order in which the tensors are given.
 *
 * @param tensors pairs of name and tensor: a Map, or `Object.entries` of an object
 * @param metadata strings for the header's `__metadata__`
 * @throws {InvalidArgumentError} for two tensors of one name, or data that does not fill its shape
 *
 * @example
 * ```ts
 * const scale = { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
 * await writeSafetensors('model.safetensors', Object.entries({ scale }), { format: 'pt' });
 * ```
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<readonly [string, TensorData]>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeFileAtomic(path, safetensorsPieces(tensors, metadata));
}
