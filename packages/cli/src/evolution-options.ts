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
  // Inferring the types of so many options, one from the next, would take minutes to check.
  const plain = command as unknown as PlainCommand;
  plain
    .requiredOption('--out <folder>', 'folder of the run', outputFolder)
    .addOption(
      new Option('--trainable <name>', 'what to evolve')
        .choices([...trainables])
        .default(defaults.trainable),
    )
    .option(
      '--keys <list>',
      `key features that it sees too: ${keyFeatures.join(', ')}`,
      listOf(nameFrom(keyFeatures)),
      [] as KeyFeature[],
    )
    .option('--head-bias', 'also evolve a bias per KV head, which fits this model only')
    .option('--pooling <tokens>', 'neighbours on either side to average scores over', fromZero, 0)
    .option(
      '--update-interval <tokens>',
      'tokens between decisions',
      count,
      defaults.updateInterval,
    )
    .option('--population <count>', 'candidates per generation', count, defaults.population)
    .option('--generations <count>', 'generations to evolve', count, defaults.generations)
    .option('--sigma <sigma>', 'standard deviation of the first candidates', number, defaults.sigma)
    .option('--seed <seed>', 'seed for candidates and for what they are tried on', fromZero, 1)
    .option(
      '--size-pressure <x>',
      'fitness lost by keeping the whole cache',
      number,
      defaults.sizePressure,
    )
    .addOption(
      new Option(
        '--normaliser <scope>',
        'normalise all heads alike, each head by itself, or as in --start',
      )
        .choices([...normaliserScopes, 'start'] as const)
        .default(defaults.normaliser),
    )
    .option('--start <checkpoint>', 'NAMM to start from (zero parameters)')
    .option('--bias-shift <x>', 'number added to the output bias of --start', number, 0)
    .option(
      '--validate-every <count>',
      'generations between validations of the mean candidate',
      count,
      defaults.validateEvery,
    )
    .option('--workers <count>', 'worker threads; 1 uses this thread', threadCount, 1)
    .option(
      '--time-limit <minutes>',
      'stop after so many minutes; the same command resumes',
      positiveNumber,
    );
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
  console.log(isComplete ? 'complete' : 'stopped; run the same command again to resume');
  if (best) console.log(`best mean: generation ${best.generation}, in ${out}`);
  if (best && best.shortfall > 0) console.log(advice);
}
