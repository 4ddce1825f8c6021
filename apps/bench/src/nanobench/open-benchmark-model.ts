import { basename, resolve } from 'node:path';
import type { NanobenchModel } from '@namm/benchmarks';
import { interruptSignal, openModel } from '@namm/cli';
import { Decoder, loadTokenizer } from '@namm/decoder';

/** A model folder as NanoBench takes it. */
export interface BenchmarkModel extends NanobenchModel {
  readonly folder: string;
}

/**
 * Opens the model that a command names.
 *
 * @param name a folder, or a model of the hub
 */
export async function openBenchmarkModel(name: string, threads: number): Promise<BenchmarkModel> {
  const folder = await openModel(name, interruptSignal());
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
