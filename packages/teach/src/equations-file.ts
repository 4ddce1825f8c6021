import { existsSync } from 'node:fs';
import { FileFormatError } from '@namm/core';
import { openSealedFile, writeSealedFile } from '@namm/tensors';
import { NormalEquations } from './normal-equations.js';

/** The sums of all layers over the first passages of a run. */
export interface SummedPassages {
  readonly layers: readonly NormalEquations[];
  /** Passages that are in them. */
  readonly passages: number;
}

/**
 * Writes the sums, atomically: a run that is stopped goes on from there, to the same numbers.
 *
 * @param run digest of all that decides; the file is refused for another run
 */
export async function writeEquations(
  path: string,
  run: string,
  { layers, passages }: SummedPassages,
): Promise<void> {
  const tensors = layers.flatMap(({ inputs, outputs, products, moments, squares }, layer) => {
    const named = (name: string, shape: readonly number[], data: Float64Array) =>
      [`layers.${layer}.${name}`, { shape, data }] as const;
    return [
      named('products', [inputs, inputs], products),
      named('moments', [outputs, inputs], moments),
      named('squares', [outputs], squares),
    ];
  });
  await writeSealedFile(path, tensors, { run, passages: String(passages) });
}

/**
 * The sums that {@link writeEquations} wrote, or null when there is no file.
 *
 * @throws {FileFormatError} when they are of another run, or damaged
 */
export async function readEquations(
  path: string,
  run: string,
  sizes: readonly { readonly inputs: number; readonly outputs: number }[],
): Promise<SummedPassages | null> {
  if (!existsSync(path)) return null;
  const file = await openSealedFile(path);
  if (file.metadata.get('run') !== run) {
    const problem = 'is of a run with other text, model or settings';
    throw new FileFormatError(path, `${problem}; name another --out, or remove it to begin again`);
  }
  const layers = await Promise.all(
    sizes.map(async ({ inputs, outputs }, layer) => {
      const sums = new NormalEquations(inputs, outputs);
      for (const name of ['products', 'moments', 'squares'] as const) {
        const numbers = await file.readFloat64(`layers.${layer}.${name}`);
        if (numbers.length !== sums[name].length || !numbers.every(Number.isFinite)) {
          throw new FileFormatError(path, `${name} of layer ${layer} are damaged; remove it`);
        }
        sums[name].set(numbers);
      }
      return sums;
    }),
  );
  return { layers, passages: Number(file.metadata.get('passages')) };
}
