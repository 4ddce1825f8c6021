import { type Command, Option } from '@commander-js/extra-typings';
import {
  addRopeScalingOptions,
  count,
  interruptSignal,
  number,
  openModel,
  outputFile,
  ropeScalingOf,
  showProgress,
} from '@namm/cli';
import { describeComparison, moveNamm } from '@namm/evolve-policies';
import { normaliserScopes } from '@namm/features';
import { evolveTexts } from '@namm/jobs';
import { readCheckpoint, writeCheckpoint } from '@namm/namm';

/** Adds `calibrate`: a NAMM of one model made ready for another. */
export function addCalibrateCommand(program: Command): void {
  const command = program
    .command('calibrate')
    .description('adapt a NAMM to a model that it was not evolved on');
  addRopeScalingOptions(command, '1 if left out', 2)
    .requiredOption('--model <name>', 'a folder, a GGUF file, or a model of the hub')
    .requiredOption('--namm <file>', 'the NAMM to adapt')
    .requiredOption('--out <file>', 'where to write the adapted NAMM', outputFile)
    .option('--frozen', 'measure no statistics: every head takes the average of the old model’s')
    .addOption(
      new Option(
        '--normaliser <scope>',
        'normalise with one mean and variance for all heads, or with one per head',
      )
        .choices(normaliserScopes)
        .default('per-head'),
    )
    .option(
      '--from <name>',
      'the model that the NAMM was evolved on; needed if it has a bias per head, to match heads',
    )
    .option('--bias-shift <x>', 'number added to every score: above 0 keeps more', number, 0)
    .option(
      '--length <tokens>',
      'tokens per passage (all positions of the model, at most 1024)',
      count,
    )
    .option('--passages <count>', 'passages to read: half prose, half code', count, 16)
    .option('--no-compare', 'skip the comparison with random eviction and sink+recent')
    .option(
      '--corpus <folder>',
      'take text from a folder with SOURCES.md, not from installed packages',
    )
    .option('--seed <seed>', 'seed for choosing passages', count, 1)
    .action(async (options) => {
      const { model, namm, out, from, biasShift, passages, length, seed } = options;
      const texts = evolveTexts(options.corpus); // refused before anything long begins
      const checkpoint = await readCheckpoint(namm);
      const signal = interruptSignal();
      const folder = await openModel(model, signal);
      const old = from && (await openModel(from, signal));
      const moved = await showProgress('passages', (onProgress) =>
        moveNamm({
          ...{ checkpoint, model: { folder, ropeScaling: ropeScalingOf(options) } },
          statistics: options.frozen ? 'frozen' : options.normaliser,
          ...{ from: old, biasShift, passages, length, seed, onProgress, signal },
          ...(!options.compare && { comparisons: 0 }),
          texts: () => texts,
        }),
      );
      await writeCheckpoint(out, moved.checkpoint);
      const { normaliser, biasShift: shift } = moved.checkpoint.provenance;
      console.log(`${out}: ${normaliser}, bias shifted by ${shift}`);
      if (moved.comparison) console.log(describeComparison(moved.comparison));
    });
}
