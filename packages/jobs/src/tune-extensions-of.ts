import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Extension,
  extensionGrid,
  extensionOf,
  formatTuned,
  ResultStore,
  tunedExtensionsFile,
  tuneExtensions,
  writeTunedExtensions,
} from '@namm/benchmarks';
import { nanobenchFiller } from '@namm/benchmarks/texts';
import { outputFile } from '@namm/cli';
import type { ProgressListener } from '@namm/core';
import { openBenchmarkModel } from '@namm/evolve-policies';

/** Options of {@link tuneExtensionsOf}. */
export interface TuneExtensionsOfOptions {
  /** Of the model; or its GGUF file. */
  readonly folder: string;
  /** Run lengths over the training length. */
  readonly factors: readonly number[];
  /** What is tried: NTK alphas and factors on the logits, each with each; YaRN with the latter. */
  readonly alphas: readonly number[];
  readonly logitFactors: readonly number[];
  readonly yarn: boolean;
  /** Prompts per family. */
  readonly prompts: number;
  readonly seed: number;
  /** Folder of filler with SOURCES.md. */
  readonly corpus?: string | undefined;
  readonly threads: number;
  /** File of all results, which a later run goes on from. */
  readonly results?: string | undefined;
  /** Where the best are written; beside the model if left out. */
  readonly out?: string | undefined;
  /** Columns of a line of the tables. */
  readonly width: number;
  /** Told a factor's table when it is done. */
  readonly onTable: (table: string) => void;
  readonly onProgress: ProgressListener;
  readonly signal: AbortSignal;
}

/**
 * Finds the context extension under which a model's full cache is best, for each factor, on the development split.
 *
 * @returns the file that the best were written to
 * @throws the signal's reason when it is aborted; what was measured is in the results
 */
export async function tuneExtensionsOf(options: TuneExtensionsOfOptions): Promise<string> {
  const { factors, alphas, logitFactors, yarn, prompts, seed, threads, width, signal } = options;
  const model = await openBenchmarkModel(options.folder, { threads });
  const path = outputFile(options.out ?? join(model.folder, tunedExtensionsFile));
  const extensions = extensionGrid(alphas, logitFactors, yarn);
  const filler = nanobenchFiller(options.corpus);
  const store = await ResultStore.open(
    options.results ?? join(tmpdir(), `namm-nanobench-tune-${model.version}.jsonl`),
  );
  const best: Record<string, Extension> = {};
  try {
    for (const factor of factors) {
      const tried = await tuneExtensions(model, {
        ...{ store, factor, extensions, prompts, seed, filler, signal },
        onProgress: (event) => options.onProgress({ ...event, stage: `×${factor}` }),
      });
      best[factor] = extensionOf(tried[0]!);
      const heading = `### ${model.name} at ${model.trainedLength * factor} tokens`;
      options.onTable(`${heading}\n\n${formatTuned(tried, { width })}\n`);
    }
    await writeTunedExtensions(path, { model: model.version, best });
    return path;
  } finally {
    await store.close();
  }
}
