import { readFileSync } from 'node:fs';
import { type Command, Option } from '@commander-js/extra-typings';
import { taskFamilies } from '@namm/benchmarks';
import {
  addEvolutionOptions,
  addRopeScalingOptions,
  count,
  evolutionSettings,
  interruptSignal,
  listOf,
  nameFrom,
  openModel,
  readBy,
  ropeScalingOf,
  watchEvolution,
} from '@namm/cli';
import {
  describeGeneration,
  evolveOnTexts,
  fitnessKinds,
  parseStages,
  readings,
  trainableNames,
} from '@namm/evolve-policies';
import { evolveTexts } from '@namm/jobs';
import { modelFolder } from '@namm/models';

const defaults = {
  ...{ trainables: [...trainableNames, 'head-bias'], trainable: 'namm', updateInterval: 64 },
  ...{ population: 12, generations: 40, sigma: 0.05, sizePressure: 0, validateEvery: 4 },
  normaliser: 'shared',
} as const;

const familyNames = taskFamilies.map(({ name }) => name);
const families = ['single-document', 'key-value', 'code-variables', 'votes'];
const stages = readBy((file: string) => parseStages(readFileSync(file, 'utf8')));

/** Adds `evolve`: a NAMM, or what it is compared with, evolved on the task families. */
export function addEvolveCommand(program: Command): void {
  const command = program
    .command('evolve')
    .description('evolve an eviction policy on the task families; resumes the run in --out');
  addRopeScalingOptions(
    addEvolutionOptions(command, defaults),
    "--length over the model's positions if left out",
    2,
  )
    .option('--model <name>', 'a folder, a GGUF file, or a model of the hub (the bundled one)')
    .option('--length <tokens>', 'tokens per prompt', count, 768)
    .option('--families <list>', familyNames.join(', '), listOf(nameFrom(familyNames)), families)
    .option('--prompts <count>', 'prompts per family in each generation', count, 4)
    .option(
      '--stages <file>',
      'JSON file with several stages, in place of --length, --families, --prompts …',
      stages,
    )
    .addOption(
      new Option('--fitness <kind>', 'what to maximise').choices(fitnessKinds).default('score'),
    )
    .option(
      '--no-floor',
      'with a size pressure: do not rank last the candidates that answer less than classic policies of their size',
    )
    .addOption(
      new Option(
        '--reading <kind>',
        'each candidate reads the prompts by itself, evicting as it goes; or all choose from one reading, which is several times as fast',
      )
        .choices(readings)
        .default('own'),
    )
    .option(
      '--normaliser-prompts <count>',
      'prompts per family for measuring the normaliser',
      count,
      6,
    )
    .option('--validation-prompts <count>', 'prompts per family in each validation', count, 16)
    .option(
      '--corpus <folder>',
      'take filler from a folder with SOURCES.md, not from installed packages',
    )
    .action(async (options) => {
      const { model, length, generations, prompts: promptsPerTask } = options;
      const folder = model ? await openModel(model, interruptSignal()) : modelFolder('nano-llama');
      const ropeScaling = { ...ropeScalingOf(options), factor: options.ropeFactor };
      await watchEvolution('bench', options, {
        describe: describeGeneration,
        advice:
          'no mean has answered as much as classic policies do at its share: more prompts, other tasks or less size pressure may help',
        run: (watched) =>
          evolveOnTexts({
            ...{ ...evolutionSettings(options), model: { folder, ropeScaling } },
            stages: options.stages ?? [
              { tasks: options.families, length, generations, promptsPerTask },
            ],
            fitness: {
              ...{ kind: options.fitness, sizePressure: options.sizePressure },
              ...(!options.floor && { floor: null }),
            },
            reading: options.reading,
            normaliser: { scope: options.normaliser, promptsPerTask: options.normaliserPrompts },
            validation: { every: options.validateEvery, promptsPerTask: options.validationPrompts },
            texts: () => evolveTexts(options.corpus),
            ...watched,
          }),
      });
    });
}
