import { type Command, Option } from '@commander-js/extra-typings';
import {
  addRopeScalingOptions,
  count,
  interruptSignal,
  number,
  openModel,
  outputFile,
  ProgressLine,
  type RopeScalingOptions,
  ropeScalingOf,
} from '@namm/cli';
import { describeComparison, moveNamm } from '@namm/evolve-policies';
import { type NormaliserScope, normaliserScopes } from '@namm/features';
import { readCheckpoint, writeCheckpoint } from '@namm/namm';
import { evolveTexts } from '../evolve/evolve-texts.js';

interface Options extends RopeScalingOptions {
  model: string;
  namm: string;
  out: string;
  frozen?: true;
  normaliser: NormaliserScope;
  from?: string;
  biasShift: number;
  length?: number;
  passages: number;
  compare: boolean;
  corpus?: string;
  seed: number;
}

/** Adds `calibrate`: a NAMM of one model made ready for another. */
export function addCalibrateCommand(program: Command): void {
  const command = program
    .command('calibrate')
    .description('make a NAMM ready for a model that it was not evolved on');
  addRopeScalingOptions(command, '1 if left out', 2)
    .requiredOption('--model <name>', 'a folder, a GGUF file, or a model of the hub')
    .requiredOption('--namm <file>', 'the NAMM')
    .requiredOption('--out <file>', 'the NAMM for that model', outputFile)
    .option(
      '--frozen',
      'measure no statistics: those of all heads of the old model for every head of the new',
    )
    .addOption(
      new Option('--normaliser <scope>', 'one for all heads per bin, or each head its own')
        .choices(normaliserScopes)
        .default('per-head'),
    )
    .option(
      '--from <name>',
      'the model that the NAMM was evolved on; needed when it has a bias per head, to find the like heads',
    )
    .option('--bias-shift <x>', 'added to every score: above 0 keeps more', number, 0)
    .option(
      '--length <tokens>',
      'tokens of a passage; all positions, 1024 at most, if left out',
      count,
    )
    .option('--passages <count>', 'passages to read, half prose, half code', count, 16)
    .option('--no-compare', 'do not compare the result with random eviction and sink+recent')
    .option('--corpus <folder>', 'text from a folder with SOURCES.md instead of installed packages')
    .option('--seed <seed>', 'seed of the places in the text', count, 1)
    .action(run);
}

async function run(options: Options): Promise<void> {
  const texts = evolveTexts(options.corpus); // refused before anything long begins
  const old = await readCheckpoint(options.namm);
  const folder = await openModel(options.model, interruptSignal());
  const from = options.from && (await openModel(options.from, interruptSignal()));
  const progress = new ProgressLine('passages');
  const { checkpoint, comparison } = await moveNamm({
    checkpoint: old,
    model: { folder, ropeScaling: ropeScalingOf(options) },
    statistics: options.frozen ? 'frozen' : options.normaliser,
    ...{ from, biasShift: options.biasShift, passages: options.passages },
    ...{ length: options.length, seed: options.seed },
    ...(!options.compare && { comparisons: 0 }),
    texts: () => texts,
    onProgress: (event) => progress.update(event),
    signal: interruptSignal(),
  }).finally(() => progress.clear());
  await writeCheckpoint(options.out, checkpoint);
  const { normaliser, biasShift } = checkpoint.provenance;
  console.log(`${options.out}: ${normaliser}, bias shifted by ${biasShift}`);
  if (comparison) console.log(describeComparison(comparison));
}
