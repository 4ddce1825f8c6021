import { readFileSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { documentFiller, taskFamilies } from '@namm/benchmarks';
import { count, number } from '@namm/cli';
import { Decoder, loadTokenizer } from '@namm/decoder';
import {
  type EvaluatorSettings,
  type EvolutionSettings,
  evolve,
  type FitnessKind,
  InProcessEvaluator,
  type NormaliserKind,
  parametersOf,
  type Stage,
  samplePrompts,
  type TrainableSettings,
  trainableNames,
  trainableSettings,
  WorkerPoolEvaluator,
} from '@namm/evolve';
import { type KeyFeature, keyFeatures } from '@namm/features';
import { modelFolder } from '@namm/models';
import { readCheckpoint } from '@namm/namm';
import { describeGeneration, ProgressLine } from './evolve-output.js';
import { digestOf, evolveTexts } from './evolve-texts.js';

interface Options {
  model?: string;
  out: string;
  length: number;
  extensionFactor?: number;
  extension: 'ntk' | 'yarn';
  alpha: number;
  logitFactor: number;
  families: string[];
  updateInterval: number;
  population: number;
  prompts: number;
  generations: number;
  stages?: Stage[];
  sigma: number;
  seed: number;
  fitness: FitnessKind;
  sizePressure: number;
  trainable: string;
  keys: KeyFeature[];
  headBias?: true;
  pooling: number;
  normaliser: NormaliserKind | 'start';
  normaliserPrompts: number;
  start?: string;
  biasShift: number;
  validateEvery: number;
  validationPrompts: number;
  corpus?: string;
  workers: number;
  timeLimit?: number;
}

const fromZero = (text: string): number => {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0 && text.trim() !== '') return value;
  throw new InvalidArgumentError(`'${text}' is not a whole number from 0 on.`);
};

/** What they hold is checked with all settings. */
const stages = (file: string): Stage[] => {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (Array.isArray(value)) return value as Stage[];
  } catch (cause) {
    throw new InvalidArgumentError(`${file} cannot be read: ${String(cause)}`);
  }
  throw new InvalidArgumentError(`${file} holds no list of stages.`);
};

const keys = (text: string): KeyFeature[] =>
  text.split(',').map((part) => {
    const known = keyFeatures.find((each) => each === part);
    if (known !== undefined) return known;
    throw new InvalidArgumentError(`'${part}' is none of ${keyFeatures.join(', ')}.`);
  });

const familyNames = taskFamilies.map(({ name }) => name);

const families = (text: string): string[] =>
  text.split(',').map((name) => {
    if (familyNames.includes(name)) return name;
    throw new InvalidArgumentError(`'${name}' is none of ${familyNames.join(', ')}.`);
  });

/** Adds `evolve`: a NAMM, or what it is compared with, evolved on the task families. */
export function addEvolveCommand(program: Command): void {
  program
    .command('evolve')
    .description(
      'evolve an eviction policy on the task families; continues the run that is in the folder',
    )
    .requiredOption('--out <folder>', 'folder of the run')
    .option('--model <folder>', 'a model with its tokenizer; the bundled one if left out')
    .option('--length <tokens>', 'length of the prompts', count, 768)
    .option(
      '--extension-factor <factor>',
      "run length over training length; if left out, --length over the model's positions",
      number,
    )
    .addOption(
      new Option('--extension <kind>', 'how the model reads beyond its training length')
        .choices(['ntk', 'yarn'])
        .default('ntk'),
    )
    .option('--alpha <alpha>', 'NTK alpha beyond the training length', number, 2)
    .option('--logit-factor <factor>', 'factor on the attention logits', number, 1)
    .option('--families <list>', familyNames.join(', '), families, [
      'single-document',
      'key-value',
      'code-variables',
      'votes',
    ])
    .option('--update-interval <tokens>', 'tokens from one update to the next', count, 64)
    .option('--population <count>', 'members of a generation', count, 12)
    .option('--prompts <count>', 'prompts per family and generation', count, 4)
    .option('--generations <count>', 'generations', count, 40)
    .option(
      '--stages <file>',
      'JSON of several stages, instead of length, families, prompts …',
      stages,
    )
    .option('--sigma <sigma>', 'standard deviation of the first members', number, 0.05)
    .option('--seed <seed>', 'seed of members and prompts', fromZero, 1)
    .addOption(
      new Option('--fitness <kind>', 'what is maximised')
        .choices(['score', 'log-probability-gain', 'probability-gain'])
        .default('score'),
    )
    .option('--size-pressure <x>', 'subtracted per share of the cache that is kept', number, 0)
    .addOption(
      new Option('--trainable <name>', 'what is evolved')
        .choices([...trainableNames, 'head-bias'])
        .default('namm'),
    )
    .option('--keys <list>', `key features to see too: ${keyFeatures.join(', ')}`, keys, [])
    .option(
      '--pooling <tokens>',
      'tokens to either side over which scores are averaged',
      fromZero,
      0,
    )
    .option('--head-bias', 'evolve a bias per KV head too; fits this model only')
    .addOption(
      new Option(
        '--normaliser <kind>',
        'one for all heads per bin, each head its own, or that of --start',
      )
        .choices(['bin', 'head', 'start'])
        .default('bin'),
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
    .option('--workers <count>', 'worker threads that evaluate; 1 is this thread', count, 1)
    .option('--time-limit <minutes>', 'stop then; the same command goes on later', number)
    .action(run);
}

async function run(options: Options): Promise<void> {
  const folder = options.model ?? modelFolder('nano-llama');
  const tokenizer = await loadTokenizer(folder);
  const trainable = await chooseTrainable(options, folder);
  const runs: EvaluatorSettings = {
    model: {
      folder,
      extensionFactor: options.extensionFactor ?? factorOf(folder, options.length),
      ...(options.extension === 'yarn' && { extension: 'yarn' }),
      alpha: options.alpha,
      logitFactor: options.logitFactor,
    },
    trainable,
  };
  const texts = evolveTexts(options.corpus);
  const startedFrom = options.start ? await readStart(options.start, trainable) : null;
  const evaluator =
    options.workers > 1
      ? await WorkerPoolEvaluator.start(runs, { workers: options.workers })
      : await InProcessEvaluator.load(runs);
  const settings: EvolutionSettings = {
    ...runs,
    stages: options.stages ?? [
      {
        tasks: options.families,
        length: options.length,
        generations: options.generations,
        promptsPerTask: options.prompts,
      },
    ],
    populationSize: options.population,
    sigma: options.sigma,
    seed: options.seed,
    fitness: { kind: options.fitness, sizePressure: options.sizePressure },
    normaliser: { kind: options.normaliser, promptsPerTask: options.normaliserPrompts },
    validation: { every: options.validateEvery, promptsPerTask: options.validationPrompts },
    start: startedFrom && {
      checkpoint: options.start!,
      parameters: [...startedFrom.parameters],
      biasShift: options.biasShift,
      ...(options.normaliser === 'start' && { normaliser: startedFrom.normaliser }),
    },
    inputs: { model: evaluator.model, prompts: digestOf(texts) },
  };
  const stop = new AbortController();
  const onInterrupt = () => {
    process.stderr.write('\nstopping after the slices under way; once more to stop at once\n');
    // Not process.exit: Node would stop threads inside of ONNX Runtime.
    process.once('SIGINT', () => process.kill(process.pid, 'SIGTERM'));
    stop.abort();
  };
  process.once('SIGINT', onInterrupt);
  const timer = options.timeLimit && setTimeout(() => stop.abort(), options.timeLimit * 60_000);
  const progress = new ProgressLine(process.stderr);
  try {
    const { isComplete, best } = await evolve({
      ...{ folder: options.out, settings, evaluator, signal: stop.signal },
      prompts: samplePrompts(documentFiller(texts), tokenizer),
      clock: () => performance.now(),
      provenance: {
        command: commandLine(),
        ...(startedFrom && { startedFrom: startedFrom.provenance }),
      },
      onProgress: (event) => progress.update(event),
      onGeneration: (record) => {
        progress.clear();
        console.log(describeGeneration(record));
      },
    });
    progress.clear();
    console.log(isComplete ? 'complete' : 'stopped; the same command goes on from here');
    if (best) console.log(`best mean: generation ${best.generation}, in ${options.out}`);
  } finally {
    clearTimeout(timer || undefined);
    process.off('SIGINT', onInterrupt);
    await evaluator.close();
  }
}

async function chooseTrainable(
  { trainable, updateInterval, keys, headBias, pooling, start }: Options,
  folder: string,
): Promise<TrainableSettings> {
  if (trainable !== 'head-bias') {
    const heads = headBias && { headBias: await headsOf(folder) };
    return trainableSettings(trainable, updateInterval, { keys, pooling, ...heads });
  }
  if (start === undefined) throw new Error('--trainable head-bias needs the NAMM whose: --start');
  const { scorer, features, policy, parameters } = await readCheckpoint(start);
  return {
    ...{ kind: 'namm', scorer, features, policy, scorerParameters: [...parameters] },
    headBias: await headsOf(folder),
  };
}

/** What a NAMM to be evolved does as a checkpoint does. */
async function readStart(path: string, trainable: TrainableSettings) {
  const checkpoint = await readCheckpoint(path);
  if (trainable.kind !== 'namm') throw new Error(`${path}: only a NAMM starts from a checkpoint`);
  try {
    const { provenance } = checkpoint;
    const { shape, mean, variance, count } = checkpoint.normaliser;
    const normaliser = {
      ...{ shape, mean: [...mean], variance: [...variance] },
      count: [...count],
    };
    return { parameters: parametersOf(trainable, checkpoint), provenance, normaliser };
  } catch (cause) {
    throw new Error(`${path}: ${(cause as Error).message}`, { cause });
  }
}

/** Layers of a model, and the most KV heads of one. */
async function headsOf(folder: string): Promise<[layers: number, heads: number]> {
  const decoder = await Decoder.load(folder, { threads: 1 });
  const { layers } = decoder.cacheShape;
  await decoder.release();
  return [layers.length, Math.max(...layers.map(({ keyValueHeads }) => keyValueHeads))];
}

/** The command as others could give it: of folders on this machine only the last name. */
function commandLine(): string {
  const words = process.argv.slice(2).map((word) => (isAbsolute(word) ? basename(word) : word));
  return ['bench', ...words].join(' ');
}

/** How many times as long as the model was trained for the prompts are, at least 1. */
function factorOf(folder: string, length: number): number {
  const { max_position_embeddings: trained } = JSON.parse(
    readFileSync(join(folder, 'config.json'), 'utf8'),
  ) as { max_position_embeddings?: unknown };
  return typeof trained === 'number' && trained > 0 ? Math.max(1, length / trained) : 1;
}
