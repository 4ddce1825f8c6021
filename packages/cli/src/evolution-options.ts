import type { Command, OptionValues } from '@commander-js/extra-typings';
import type { ProgressEvent } from '@namm/core';
import {
  type KeyFeature,
  keyFeatures,
  type NormaliserScope,
  normaliserScopes,
} from '@namm/features';
import { Option, type Command as PlainCommand } from 'commander';
import { commandLine } from './command-line.js';
import { interruptSignal } from './interruption.js';
import {
  count,
  fromZero,
  listOf,
  nameFrom,
  number,
  positiveNumber,
  threadCount,
} from './option-parsers.js';
import { outputFolder } from './output-file.js';
import { ProgressLine } from './progress-line.js';

/** What {@link addEvolutionOptions} adds. */
export type EvolutionOptions = {
  readonly out: string;
  readonly trainable: string;
  readonly keys: KeyFeature[];
  readonly headBias?: true | undefined;
  readonly pooling: number;
  readonly updateInterval: number;
  readonly population: number;
  readonly generations: number;
  readonly sigma: number;
  readonly seed: number;
  readonly sizePressure: number;
  readonly normaliser: NormaliserScope | 'start';
  readonly start?: string | undefined;
  readonly biasShift: number;
  readonly validateEvery: number;
  readonly workers: number;
  readonly timeLimit?: number | undefined;
};

/** In what the commands that evolve differ. */
export interface EvolutionDefaults
  extends Pick<
    EvolutionOptions,
    | 'trainable'
    | 'updateInterval'
    | 'population'
    | 'generations'
    | 'sigma'
    | 'sizePressure'
    | 'normaliser'
    | 'validateEvery'
  > {
  /** What can be evolved. */
  readonly trainables: readonly string[];
}

/** Adds the options of every evolution of a policy, by the same names in every command. */
export function addEvolutionOptions<
  Args extends unknown[],
  Own extends OptionValues,
  Global extends OptionValues,
>(
  command: Command<Args, Own, Global>,
  { trainables, ...defaults }: EvolutionDefaults,
): Command<Args, Own & EvolutionOptions, Global> {
  // Inferred from one option to the next, the types of so many would take minutes to check.
  const plain = command as unknown as PlainCommand;
  plain
    .requiredOption('--out <folder>', 'folder of the run', outputFolder)
    .addOption(
      new Option('--trainable <name>', 'what is evolved')
        .choices([...trainables])
        .default(defaults.trainable),
    )
    .option(
      '--keys <list>',
      `key features to see too: ${keyFeatures.join(', ')}`,
      listOf(nameFrom(keyFeatures)),
      [] as KeyFeature[],
    )
    .option('--head-bias', 'evolve a bias per KV head too; fits this model only')
    .option('--pooling <tokens>', 'to either side over which scores are averaged', fromZero, 0)
    .option(
      '--update-interval <tokens>',
      'from one update to the next',
      count,
      defaults.updateInterval,
    )
    .option('--population <count>', 'candidates of a generation', count, defaults.population)
    .option('--generations <count>', 'generations', count, defaults.generations)
    .option('--sigma <sigma>', 'standard deviation of the first candidates', number, defaults.sigma)
    .option('--seed <seed>', 'of candidates and of what they are tried on', fromZero, 1)
    .option(
      '--size-pressure <x>',
      'subtracted per share of the cache that is kept',
      number,
      defaults.sizePressure,
    )
    .addOption(
      new Option(
        '--normaliser <scope>',
        'one for all heads per bin, each head its own, or that of --start',
      )
        .choices([...normaliserScopes, 'start'] as const)
        .default(defaults.normaliser),
    )
    .option('--start <checkpoint>', 'a NAMM to start from instead of 0')
    .option('--bias-shift <x>', 'added to the output bias of the start', number, 0)
    .option(
      '--validate-every <count>',
      'generations between validations of the mean',
      count,
      defaults.validateEvery,
    )
    .option('--workers <count>', 'worker threads that evaluate; 1 is this thread', threadCount, 1)
    .option('--time-limit <minutes>', 'stop then; the same command goes on later', positiveNumber);
  return command as Command<Args, Own & EvolutionOptions, Global>;
}

/** The settings that every evolution of a policy takes from them. */
export function evolutionSettings(options: EvolutionOptions) {
  const { out, trainable, updateInterval, keys, pooling, headBias = false, start } = options;
  const { biasShift, population, sigma, seed, workers } = options;
  return {
    folder: out,
    trainable: { name: trainable, updateInterval, keys, pooling, headBias },
    start: start === undefined ? null : { file: start, biasShift },
    ...{ populationSize: population, sigma, seed, workers },
  };
}

/** What a run is told, and tells. */
export interface WatchedEvolution<Generation> {
  readonly signal: AbortSignal;
  readonly clock: () => number;
  readonly provenance: { readonly command: string };
  readonly onProgress: (event: ProgressEvent) => void;
  readonly onGeneration: (record: Generation) => void;
}

/** An evolution, and what is said of it. */
export interface EvolutionRun<Generation> {
  run(watched: WatchedEvolution<Generation>): Promise<{
    readonly isComplete: boolean;
    readonly best: { readonly generation: number; readonly shortfall: number } | null;
  }>;
  /** A generation in words. */
  describe(record: Generation): string;
  /** Said when no mean is good enough. */
  readonly advice: string;
}

/**
 * Runs an evolution until its end, Ctrl-C or the time limit, and says how it goes.
 *
 * @param program its name
 * @param options how long it may run, and where its folder is
 */
export async function watchEvolution<Generation>(
  program: string,
  { timeLimit, out }: Pick<EvolutionOptions, 'timeLimit' | 'out'>,
  { run, describe, advice }: EvolutionRun<Generation>,
): Promise<void> {
  const progress = new ProgressLine('generations');
  const limits = timeLimit ? [AbortSignal.timeout(Math.ceil(timeLimit * 60_000))] : [];
  const { isComplete, best } = await run({
    signal: AbortSignal.any([interruptSignal(), ...limits]),
    clock: () => performance.now(),
    provenance: { command: commandLine(program) },
    onProgress: ({ done, total }) => progress.update({ done: Math.floor(done), total }),
    onGeneration: (record) => {
      progress.clear();
      console.log(describe(record));
    },
  }).finally(() => progress.clear());
  console.log(isComplete ? 'complete' : 'stopped; the same command goes on from here');
  if (best) console.log(`best mean: generation ${best.generation}, in ${out}`);
  if (best && best.shortfall > 0) console.log(advice);
}
