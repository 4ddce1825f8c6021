import { join } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { tunedExtensionsFile } from '@namm/benchmarks';
import {
  count,
  interruptSignal,
  listOf,
  openModel,
  outputFile,
  positiveNumber,
  showProgress,
  terminalWidth,
  threadCount,
} from '@namm/cli';
import { tuneExtensionsOf } from '@namm/jobs';
import { modelFolder } from '@namm/models';

/** Adds `nanobench tune`: the best context extension for the full cache. */
export function addTuneCommand(program: Command): void {
  const numbers = listOf(positiveNumber);
  program
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
    )
    .action(async (options) => {
      const signal = interruptSignal();
      const folder = await openModel(options.model ?? modelFolder('nano-llama'), signal);
      outputFile(options.out ?? join(folder, tunedExtensionsFile));
      const path = await showProgress('prompts', (onProgress, clear) =>
        tuneExtensionsOf({
          ...{ ...options, folder, width: terminalWidth(), onProgress, signal },
          onTable: (table) => {
            clear();
            console.log(table);
          },
        }),
      );
      console.log(`The best are in ${path}.`);
    });
}
