import { readExactly, withFile } from '@namm/tensors';
import { ModelFolderError } from '../errors.js';
import { floatFormat } from './float-formats.js';
import { placeOf, type Weight } from './weight.js';

/**
 * Some rows of a matrix, without reading the others: the embeddings of a few ids.
 *
 * @param weight of a float format, `[rows, size]`
 * @param indices of the rows to read, each below the number of rows
 * @returns `[indices, size]`
 * @throws {ModelFolderError} when it is stored in a format that is not a float, or a number is not finite
 * @throws {FileFormatError} when the file cannot be read any more, or has become shorter
 */
export async function readWeightRows(
  weight: Weight,
  indices: readonly number[],
): Promise<Float32Array> {
  const { name, shape, location } = weight;
  const size = shape[1] ?? 1;
  const format = floatFormat(weight.format);
  const fail = (problem: string) =>
    new ModelFolderError(placeOf(weight, name), `tensor ${name} ${problem}`, {
      details: { tensor: name },
    });
  if (format === null) throw fail(`is stored as ${weight.format}, of which no rows can be read.`);
  const rowBytes = size * format.size;
  const numbers = new Float32Array(indices.length * size);
  const take = (bytes: Uint8Array, i: number) => {
    const row = format.decode(bytes.slice().buffer as ArrayBuffer);
    if (!row.every(Number.isFinite)) throw fail('holds numbers that are not finite.');
    numbers.set(row, i * size);
  };
  if (location.kind === 'memory') {
    for (const [i, index] of indices.entries()) {
      take(location.bytes.subarray(index * rowBytes, (index + 1) * rowBytes), i);
    }
    return numbers;
  }
  const bytes = new Uint8Array(rowBytes);
  await withFile(location.path, async (handle) => {
    for (const [i, index] of indices.entries()) {
      await readExactly(handle, bytes, location.offset + index * rowBytes, location.path);
      take(bytes, i);
    }
  });
  return numbers;
}
