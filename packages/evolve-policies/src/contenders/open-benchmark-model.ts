import { basename, resolve } from 'node:path';
import type { NanobenchModel } from '@namm/benchmarks';
import { checkNames } from '@namm/core';
import { Decoder, loadTokenizer } from '@namm/decoder';

/** A model folder as NanoBench takes it. */
export interface BenchmarkModel extends NanobenchModel {
  readonly folder: string;
}

/**
 * Opens a model for the result table. It is loaded once for each probe and length, when first needed.
 *
 * @param folder of the model, with its tokenizer
 * @param options how many threads compute
 * @throws {NammError} when the folder holds no model
 *
 * @example
 * ```ts
 * const model = await openBenchmarkModel(modelFolder('nano-llama'), { threads: 1 });
 * ```
 */
export async function openBenchmarkModel(
  folder: string,
  options: { readonly threads: number },
): Promise<BenchmarkModel> {
  const { threads } = checkNames('openBenchmarkModel', options, ['threads']);
  const tokenizer = await loadTokenizer(folder);
  const decoder = await Decoder.load(folder, { threads: 1 });
  const { spec, cacheShape } = decoder;
  await decoder.release();
  return {
    folder,
    name: basename(resolve(folder)),
    version: cacheShape.model.slice(0, 12),
    tokenizer,
    trainedLength: spec.maximumPositions,
    loadModel: ({ factor, kind, alpha, logitFactor }, options) =>
      Decoder.load(folder, {
        ...options,
        ropeScaling: { factor, kind, alpha: kind === 'ntk' ? alpha : 1, logitFactor },
        threads,
      }),
  };
}
