import type { Command } from '@commander-js/extra-typings';
import { readTexts } from '@namm/benchmarks';
import {
  addRopeScalingOptions,
  count,
  fromZero,
  interruptSignal,
  openModel,
  outputFile,
  positiveNumber,
  ropeScalingOf,
  threadCount,
  watchEvolution,
} from '@namm/cli';
import { describeGeneration, tuneTaught } from '@namm/evolve-policies';
import { writeTaught } from '@namm/teach';

/** Adds `tune`: evolution of a taught scorer. */
export function addTuneCommand(program: Command): void {
  const command = program
    .command('tune')
    .description('evolve which heads of a taught scorer keep how much; goes on with its run');
  addRopeScalingOptions(command, '1 if left out', 2)
    .requiredOption('--model <name>', 'a folder, a GGUF file, or a model of the hub')
    .requiredOption('--text <files...>', 'plain text in English that the model understands')
    .requiredOption(
      '--out <file>',
      'the scorer, a safetensors file; FILE.run is the run',
      outputFile,
    )
    .option('--taught <file>', 'the scorer to begin with; one of ours for this model if left out')
    .option('--budget <size>', 'what its policy may keep', '10%')
    .option('--length <tokens>', 'tokens of a prompt, its questions included', count, 1024)
    .option('--questions <count>', 'questions of a prompt', count, 6)
    .option('--prompts <count>', 'prompts of a generation', count, 3)
    .option('--validation-prompts <count>', 'prompts of a validation', count, 8)
    .option('--validate-every <count>', 'generations between validations', count, 5)
    .option('--generations <count>', 'generations', count, 20)
    .option('--population <count>', 'candidates of a generation', count, 12)
    .option('--sigma <sigma>', 'of the first candidates, in spreads of scores', positiveNumber, 0.3)
    .option('--seed <seed>', 'of candidates and prompts', fromZero, 1)
    .option('--workers <count>', 'worker threads that evaluate; 1 is this thread', threadCount, 1)
    .option('--time-limit <minutes>', 'stop then; the same command goes on later', positiveNumber)
    .action(async (options) => {
      const texts = readTexts(options.text);
      const folder = await openModel(options.model, interruptSignal());
      const { out, taught, budget, length, questions, prompts, generations } = options;
      const { sigma, seed, workers } = options;
      await watchEvolution('bench', options, {
        describe: describeGeneration,
        advice: '',
        async run({ provenance: _, ...watched }) {
          const result = await tuneTaught({
            ...{ folder: `${out}.run`, model: { folder, ropeScaling: ropeScalingOf(options) } },
            ...{
              taught,
              budget,
              texts,
              length,
              questions,
              prompts,
              generations,
              sigma,
              seed,
              workers,
            },
            populationSize: options.population,
            validation: { every: options.validateEvery, prompts: options.validationPrompts },
            ...watched,
          });
          if (result.best) await writeTaught(out, result.best.checkpoint);
          return result;
        },
      });
    });
}
