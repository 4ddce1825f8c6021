import { basename, resolve } from 'node:path';
import { Decoder, loadTokenizer, type Tokenizer } from '@namm/decoder';

/** A model folder, and what the benchmark has to know of it. */
export interface BenchmarkModel {
  readonly folder: string;
  readonly name: string;
  /** Digest of configuration and weights. */
  readonly version: string;
  readonly tokenizer: Tokenizer;
  /** Tokens. */
  readonly trainedLength: number;
}

/** Opens a folder. */
export async function openModel(folder: string): Promise<BenchmarkModel> {
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
  };
}
