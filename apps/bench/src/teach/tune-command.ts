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
    .description('evolve how much each head of a taught scorer keeps; resumes');
  addRopeScalingOptions(command, '1 if left out', 2)
    .requiredOption('--model <name>', 'a folder, a GGUF file, or a model of the hub')
    .requiredOption('--text <files...>', 'plain English text')
    .requiredOption(
      '--out <file>',
      'where to write the scorer, a safetensors file; the run is kept in FILE.run',
      outputFile,
    )
    .option('--taught <file>', 'the scorer to start from (the bundled one for this model)')
    .option('--budget <size>', 'budget to tune for: tokens per head, a share, or bytes', '10%')
    .option('--length <tokens>', 'tokens per prompt, questions included', count, 1024)
    .option('--questions <count>', 'questions per prompt', count, 6)
    .option('--prompts <count>', 'prompts per generation', count, 3)
    .option('--validation-prompts <count>', 'prompts per validation', count, 8)
    .option('--validate-every <count>', 'generations between validations', count, 5)
    .option('--generations <count>', 'generations to evolve', count, 20)
    .option('--population <count>', 'candidates per generation', count, 12)
    .option(
      '--sigma <sigma>',
      'spread of the first candidates, in standard deviations of the scores',
      positiveNumber,
      0.3,
    )
    .option('--seed <seed>', 'seed for candidates and prompts', fromZero, 1)
    .option('--workers <count>', 'worker threads; 1 uses this thread', threadCount, 1)
    .option(
      '--time-limit <minutes>',
      'stop after so many minutes; the same command resumes',
      positiveNumber,
    )
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
