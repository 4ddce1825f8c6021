import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
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
import {
  count,
  interruptSignal,
  listOf,
  openModel,
  outputFile,
  ProgressLine,
  positiveNumber,
  terminalWidth,
  threadCount,
} from '@namm/cli';
import { openBenchmarkModel } from '@namm/evolve-policies';
import { modelFolder } from '@namm/models';

/** Adds `nanobench tune`: the best context extension for the full cache. */
export function addTuneCommand(program: Command): void {
  tuneCommand(program).action(tune);
}

type Options = ReturnType<ReturnType<typeof tuneCommand>['opts']>;

function tuneCommand(program: Command) {
  const numbers = listOf(positiveNumber);
  return program
    .command('tune')
    .description(
      'find the context extension under which the full cache is best, on the development split',
    )
    .option('--model <name>', 'a folder, a GGUF file, or a model of the hub; else the bundled one')
    .option('--factors <list>', 'run lengths over the training length', numbers, [2, 4, 8, 16])
    .option('--alphas <list>', 'NTK alphas', numbers, [1, 1.5, 2, 3, 4])
    .option('--logit-factors <list>', 'factors on the attention logits', numbers, [1, 1.25, 1.5, 2])
    .option('--no-yarn', 'NTK only')
    .option('--prompts <count>', 'prompts per family', count, 10)
    .option('--seed <seed>', 'of the samples', count, 1)
    .option('--corpus <folder>', 'filler from a folder with SOURCES.md')
    .option('--threads <count>', 'threads that compute', threadCount, 1)
    .option(
      '--results <file>',
      'JSONL file of all results; what it has is not measured again',
      outputFile,
    )
    .option(
      '--out <file>',
      `where the best is written; ${tunedExtensionsFile} beside the model if left out`,
      outputFile,
    );
}

async function tune(options: Options): Promise<void> {
  const { factors, alphas, logitFactors, yarn, prompts, seed, corpus, threads } = options;
  const model = await openBenchmarkModel(
    await openModel(options.model ?? modelFolder('nano-llama'), interruptSignal()),
    { threads },
  );
  const path = outputFile(options.out ?? join(model.folder, tunedExtensionsFile));
  const store = await ResultStore.open(
    options.results ?? join(tmpdir(), `namm-nanobench-tune-${model.version}.jsonl`),
  );
  const extensions = extensionGrid(alphas, logitFactors, yarn);
  const filler = nanobenchFiller(corpus);
  const best: Record<string, Extension> = {};
  const progress = new ProgressLine('prompts');
  try {
    for (const factor of factors) {
      const tried = await tuneExtensions(model, {
        ...{ store, factor, extensions, prompts, seed, filler },
        onProgress: (event) => progress.update(event, `×${factor}`),
        signal: interruptSignal(),
      });
      progress.clear();
      best[factor] = extensionOf(tried[0]!);
      console.log(`### ${model.name} at ${model.trainedLength * factor} tokens\n`);
      console.log(`${formatTuned(tried, { width: terminalWidth() })}\n`);
    }
    await writeTunedExtensions(path, { model: model.version, best });
    console.log(`The best are in ${path}.`);
  } finally {
    progress.clear();
    await store.close();
  }
}
