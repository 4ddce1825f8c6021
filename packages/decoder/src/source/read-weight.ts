import { ModelFolderError } from '../errors.js';
import { floatFormat, floatFormats } from './float-formats.js';
import type { ModelFolder } from './model-folder.js';
import { readWeightBytes } from './read-weight-bytes.js';
import { placeOf } from './weight.js';

/**
 * The numbers of a weight, for computations outside a graph.
 *
 * @param folder of the model
 * @param name of the weight
 * @param shape required by the configuration
 * @returns its numbers, row by row
 * @throws {ModelFolderError} when it is missing, has another shape, is stored in a format that is not a float, or
 *   holds a number that is not finite
 */
export async function readWeight(
  { path, weights }: Pick<ModelFolder, 'path' | 'weights'>,
  name: string,
  shape: readonly number[],
): Promise<Float32Array> {
  const weight = weights.get(name);
  const details = { tensor: name };
  if (weight === undefined) {
    const problem = `the weights lack ${name}, which the configuration calls for; use a complete folder.`;
    throw new ModelFolderError(path, problem, { details });
  }
  const fail = (problem: string) =>
    new ModelFolderError(placeOf(weight, path), `tensor ${name} ${problem}`, { details });
  if (`${weight.shape}` !== `${shape}`) {
    throw fail(`has shape [${weight.shape}] where the configuration calls for [${shape}].`);
  }
  const format = floatFormat(weight.format);
  if (format === null) {
    const known = Object.keys(floatFormats).join(', ');
    throw fail(`is stored as ${weight.format}; only weights of ${known} can be used.`);
  }
  const bytes = await readWeightBytes(weight);
  const numbers = format.decode(bytes.slice().buffer as ArrayBuffer);
  if (!numbers.every(Number.isFinite)) throw fail('holds numbers that are not finite.');
  return numbers;
}
