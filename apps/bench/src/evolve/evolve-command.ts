import { readFileSync } from 'node:fs';
import { basename, isAbsolute } from 'node:path';
import { type Command, Option } from '@commander-js/extra-typings';
import { taskFamilies } from '@namm/benchmarks';
import {
  addRopeScalingOptions,
  count,
  describeError,
  fromZero,
  interruptSignal,
  listOf,
  nameFrom,
  number,
  openModel,
  ProgressLine,
  positiveNumber,
  type RopeScalingOptions,
  ropeScalingOf,
  threadCount,
} from '@namm/cli';
import {
  describeGeneration,
  evolveOnTexts,
  type FitnessKind,
  fitnessKinds,
  parseStages,
  type TextStage,
  trainableNames,
} from '@namm/evolve-policies';
import {
  type KeyFeature,
  keyFeatures,
  type NormaliserScope,
  normaliserScopes,
} from '@namm/features';
import { modelFolder } from '@namm/models';
import { InvalidArgumentError } from 'commander';
import { evolveTexts } from './evolve-texts.js';

interface Options extends RopeScalingOptions {
  model?: string;
  out: string;
  length: number;
  families: string[];
  updateInterval: number;
  population: number;
  prompts: number;
  generations: number;
  stages?: TextStage[];
  sigma: number;
  seed: number;
  fitness: FitnessKind;
  sizePressure: number;
  floor: boolean;
  trainable: string;
  keys: KeyFeature[];
  headBias?: true;
  pooling: number;
  normaliser: NormaliserScope | 'start';
  normaliserPrompts: number;
  start?: string;
  biasShift: number;
  validateEvery: number;
  validationPrompts: number;
  corpus?: string;
  workers: number;
  timeLimit?: number;
}

const stages = (file: string): TextStage[] => {
  try {
    return parseStages(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new InvalidArgumentError(describeError(cause));
  }
};

const familyNames = taskFamilies.map(({ name }) => name);

/** Adds `evolve`: a NAMM, or what it is compared with, evolved on the task families. */
export function addEvolveCommand(program: Command): void {
  const command = program
    .command('evolve')
    .description(
      'evolve an eviction policy on the task families; continues the run that is in the folder',
    );
  addRopeScalingOptions(command, "--length over the model's positions if left out", 2)
    .requiredOption('--out <folder>', 'folder of the run')
    .option('--model <name>', 'a folder, or a model of the hub; the bundled one if left out')
    .option('--length <tokens>', 'length of the prompts', count, 768)
    .option('--families <list>', familyNames.join(', '), listOf(nameFrom(familyNames)), [
      'single-document',
      'key-value',
      'code-variables',
      'votes',
    ])
    .option('--update-interval <tokens>', 'tokens from one update to the next', count, 64)
    .option('--population <count>', 'candidates of a generation', count, 12)
    .option('--prompts <count>', 'prompts per family and generation', count, 4)
    .option('--generations <count>', 'generations', count, 40)
    .option(
      '--stages <file>',
      'JSON of several stages, instead of length, families, prompts …',
      stages,
    )
    .option('--sigma <sigma>', 'standard deviation of the first candidates', number, 0.05)
    .option('--seed <seed>', 'seed of candidates and prompts', fromZero, 1)
    .addOption(
      new Option('--fitness <kind>', 'what is maximised').choices(fitnessKinds).default('score'),
    )
    .option('--size-pressure <x>', 'subtracted per share of the cache that is kept', number, 0)
    .option(
      '--no-floor',
      'under a size pressure, do not rank those last that answer less than classic policies at their share',
    )
    .addOption(
      new Option('--trainable <name>', 'what is evolved')
        .choices([...trainableNames, 'head-bias'])
        .default('namm'),
    )
    .option(
      '--keys <list>',
      `key features to see too: ${keyFeatures.join(', ')}`,
      listOf(nameFrom(keyFeatures)),
      [],
    )
    .option(
      '--pooling <tokens>',
      'tokens to either side over which scores are averaged',
      fromZero,
      0,
    )
    .option('--head-bias', 'evolve a bias per KV head too; fits this model only')
    .addOption(
      new Option(
        '--normaliser <scope>',
        'one for all heads per bin, each head its own, or that of --start',
      )
        .choices([...normaliserScopes, 'start'])
        .default('shared'),
    )
    .option('--normaliser-prompts <count>', 'prompts per family to measure it on', count, 6)
    .option('--start <checkpoint>', 'a NAMM to start from instead of 0')
    .option('--bias-shift <x>', 'added to the output bias of the start', number, 0)
    .option('--validate-every <count>', 'generations between validations of the mean', count, 4)
    .option('--validation-prompts <count>', 'prompts per family of a validation', count, 16)
    .option(
      '--corpus <folder>',
      'filler from a folder with SOURCES.md instead of installed packages',
    )
    .option('--workers <count>', 'worker threads that evaluate; 1 is this thread', threadCount, 1)
    .option('--time-limit <minutes>', 'stop then; the same command goes on later', positiveNumber)
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { length, generations, start, timeLimit } = options;
  const progress = new ProgressLine('generations');
  const signals = [
    interruptSignal(),
    ...(timeLimit ? [AbortSignal.timeout(Math.ceil(timeLimit * 60_000))] : []),
  ];
  const { isComplete, best } = await evolveOnTexts({
    folder: options.out,
    model: {
      folder: options.model
        ? await openModel(options.model, interruptSignal())
        : modelFolder('nano-llama'),
      ropeScaling: { ...ropeScalingOf(options), factor: options.ropeFactor },
    },
    trainable: {
      ...{ name: options.trainable, updateInterval: options.updateInterval },
      ...{ keys: options.keys, pooling: options.pooling, headBias: options.headBias ?? false },
    },
    start: start === undefined ? null : { file: start, biasShift: options.biasShift },
    stages: options.stages ?? [
      { tasks: options.families, length, generations, promptsPerTask: options.prompts },
    ],
    ...{ populationSize: options.population, sigma: options.sigma, seed: options.seed },
    fitness: {
      ...{ kind: options.fitness, sizePressure: options.sizePressure },
      ...(!options.floor && { floor: null }),
    },
    normaliser: { scope: options.normaliser, promptsPerTask: options.normaliserPrompts },
    validation: { every: options.validateEvery, promptsPerTask: options.validationPrompts },
    ...{ texts: () => evolveTexts(options.corpus), workers: options.workers },
    ...{ signal: AbortSignal.any(signals), clock: () => performance.now() },
    provenance: { command: commandLine() },
    onProgress: ({ done, total }) => progress.update({ done: Math.floor(done), total }),
    onGeneration: (record) => {
      progress.clear();
      console.log(describeGeneration(record));
    },
  });
  progress.clear();
  console.log(isComplete ? 'complete' : 'stopped; the same command goes on from here');
  if (best) console.log(`best mean: generation ${best.generation}, in ${options.out}`);
  if (best && best.shortfall > 0) {
    console.log(
      'no mean has answered as much as classic policies do at its share: more prompts, other tasks or less size pressure may help',
    );
  }
}

/** The command as others could give it: of folders on this machine only the last name. */
function commandLine(): string {
  const words = process.argv.slice(2).map((word) => (isAbsolute(word) ? basename(word) : word));
  return ['bench', ...words].join(' ');
}
