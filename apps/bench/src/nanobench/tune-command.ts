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
      'find the context extension that suits the full cache best, on the development split',
    )
    .option('--model <name>', 'a folder, a GGUF file, or a model of the hub (the bundled one)')
    .option(
      '--factors <list>',
      'prompt lengths, as multiples of the training length',
      numbers,
      [2, 4, 8, 16],
    )
    .option('--alphas <list>', 'NTK alphas to try', numbers, [1, 1.5, 2, 3, 4])
    .option(
      '--logit-factors <list>',
      'factors on the attention logits to try',
      numbers,
      [1, 1.25, 1.5, 2],
    )
    .option('--no-yarn', 'try NTK only')
    .option('--prompts <count>', 'prompts per family', count, 10)
    .option('--seed <seed>', 'seed for samples', count, 1)
    .option('--corpus <folder>', 'take filler from a folder with SOURCES.md')
    .option('--threads <count>', 'threads for computing', threadCount, 1)
    .option(
      '--results <file>',
      'JSONL file of all results; what it holds is not measured again',
      outputFile,
    )
    .option(
      '--out <file>',
      `where to write the best (${tunedExtensionsFile} beside the model)`,
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
