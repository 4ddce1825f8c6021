import type { TensorData } from './safetensors-pieces.js';
import { sealed } from './seal.js';
import { writeSafetensors } from './write-safetensors.js';

/**
 * Writes a `.safetensors` file as {@link writeSafetensors} does, with one more text, `checksum`, that covers its
 * texts, names and numbers. Anything that reads safetensors can read it; {@link openSealedFile} verifies it.
 *
 * @param tensors pairs of name and tensor: a Map, or `Object.entries` of an object
 * @param metadata strings for the header's `__metadata__`
 * @throws {InvalidArgumentError} for two tensors of one name, or data that does not fill its shape
 *
 * @example
 * ```ts
 * await writeSealedFile('scorer.safetensors', Object.entries({ weights }), { format: 'mine' });
 * const file = await openSealedFile('scorer.safetensors');
 * ```
 */
export async function writeSealedFile(
  path: string,
  tensors: Iterable<readonly [string, TensorData]>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const all = [...tensors];
  await writeSafetensors(path, all, sealed(all, metadata));
}
