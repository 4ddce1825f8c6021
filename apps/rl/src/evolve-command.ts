import { basename, isAbsolute } from 'node:path';
import { type Command, Option } from '@commander-js/extra-typings';
import {
  count,
  fromZero,
  interruptSignal,
  listOf,
  nameFrom,
  number,
  ProgressLine,
  positiveNumber,
  threadCount,
} from '@namm/cli';
import type { GenerationRecord, Measures } from '@namm/evolve';
import { evolveOnControl, trainableNames } from '@namm/evolve-policies';
import {
  type KeyFeature,
  keyFeatures,
  type NormaliserScope,
  normaliserScopes,
} from '@namm/features';
import { type AgentOptions, addAgentOptions, agentOf, episodeOf } from './agent-options.js';

interface Options extends AgentOptions {
  out: string;
  trainable: string;
  keys: KeyFeature[];
  headBias?: true;
  pooling: number;
  updateInterval: number;
  population: number;
  episodes: number;
  generations: number;
  sigma: number;
  seed: number;
  sizePressure: number;
  tolerance: number;
  normaliser: NormaliserScope | 'start';
  normaliserEpisodes: number;
  start?: string;
  biasShift: number;
  validateEvery: number;
  validationEpisodes: number;
  workers: number;
  timeLimit?: number;
}

/** Adds `evolve`: a NAMM evolved on the episodes of an agent. */
export function addEvolveCommand(program: Command): void {
  const command = program
    .command('evolve')
    .description("evolve a NAMM on an agent's episodes; continues the run that is in the folder");
  addAgentOptions(command)
    .requiredOption('--out <folder>', 'folder of the run')
    .addOption(
      new Option('--trainable <name>', 'what is evolved')
        .choices([...trainableNames])
        .default('linear-no-recency'),
    )
    .option(
      '--keys <list>',
      `key features to see too: ${keyFeatures.join(', ')}`,
      listOf(nameFrom(keyFeatures)),
      [],
    )
    .option('--head-bias', 'evolve a bias per KV head too; fits this agent only')
    .option('--pooling <tokens>', 'to either side over which scores are averaged', fromZero, 0)
    .option('--update-interval <tokens>', 'from one update to the next', count, 16)
    .option('--population <count>', 'candidates of a generation', count, 10)
    .option('--episodes <count>', 'of a generation', count, 8)
    .option('--generations <count>', 'generations', count, 30)
    .option('--sigma <sigma>', 'standard deviation of the first candidates', number, 0.3)
    .option('--seed <seed>', 'of candidates and episodes', fromZero, 1)
    .option('--size-pressure <x>', "subtracted per share of the full cache's rows", number, 1)
    .option('--tolerance <x>', 'what a return may lack to that of the full cache', number, 0.02)
    .addOption(
      new Option('--normaliser <scope>', 'one for all heads, each head its own, or of --start')
        .choices([...normaliserScopes, 'start'])
        .default('per-head'),
    )
    .option('--normaliser-episodes <count>', 'to measure it on', count, 8)
    .option('--start <checkpoint>', 'a NAMM to start from instead of 0')
    .option('--bias-shift <x>', 'added to the output bias of the start', number, 0)
    .option('--validate-every <count>', 'generations between validations of the mean', count, 5)
    .option('--validation-episodes <count>', 'of a validation', count, 32)
    .option('--workers <count>', 'worker threads that play; 1 is this thread', threadCount, 1)
    .option('--time-limit <minutes>', 'stop then; the same command goes on later', positiveNumber)
    .action(run);
}

async function run(options: Options): Promise<void> {
  const signal = interruptSignal();
  const { environment, episodes, generations, timeLimit, trainable, keys } = options;
  const progress = new ProgressLine('generations');
  const limits = timeLimit ? [AbortSignal.timeout(Math.ceil(timeLimit * 60_000))] : [];
  const { isComplete, best } = await evolveOnControl({
    ...{ folder: options.out, agent: await agentOf(options, signal) },
    episode: await episodeOf(options, signal),
    stages: [{ environment, episodes, generations }],
    trainable: {
      ...{ name: trainable, keys, pooling: options.pooling },
      ...{ updateInterval: options.updateInterval, headBias: options.headBias ?? false },
    },
    start:
      options.start === undefined ? null : { file: options.start, biasShift: options.biasShift },
    ...{ populationSize: options.population, sigma: options.sigma, seed: options.seed },
    fitness: { sizePressure: options.sizePressure, tolerance: options.tolerance },
    normaliser: { scope: options.normaliser, episodes: options.normaliserEpisodes },
    validation: { every: options.validateEvery, episodes: options.validationEpisodes },
    workers: options.workers,
    ...{ signal: AbortSignal.any([signal, ...limits]), clock: () => performance.now() },
    provenance: { command: commandLine() },
    onProgress: ({ done, total }) => progress.update({ done: Math.floor(done), total }),
    onGeneration: (record) => {
      progress.clear();
      console.log(describe(record));
    },
  }).finally(() => progress.clear());
  console.log(isComplete ? 'complete' : 'stopped; the same command goes on from here');
  if (best)
    console.log(`best mean: generation ${best.generation}, ${options.out}/best.safetensors`);
  if (best && best.shortfall > 0) {
    console.log('no mean returns as much as the full cache: more episodes or generations may help');
  }
}

/** One line of a run: the best candidate of the generation, and the mean where it was judged. */
function describe({
  generation,
  candidates,
  sigma,
  seconds,
  validation,
}: GenerationRecord): string {
  const told = ({ measures }: { readonly measures: Measures }) =>
    `return ${measures.return!.toFixed(3)}, ${measures.rowsPerHead!.toFixed(1)} rows`;
  const known = candidates.filter((candidate) => candidate !== null);
  const ranked = known.sort((a, b) => a.shortfall - b.shortfall || b.fitness - a.fitness);
  return [
    `generation ${generation}: σ ${sigma.toPrecision(3)}`,
    ...(ranked[0] ? [`best ${told(ranked[0])}`] : []),
    ...(validation ? [`mean ${told(validation)}${validation.isBest ? ', best so far' : ''}`] : []),
    ...(known.length < candidates.length ? [`${candidates.length - known.length} failed`] : []),
    ...(seconds ? [`${seconds.toFixed(1)} s`] : []),
  ].join('; ');
}

/** The command as others could give it: of folders on this machine only the last name. */
function commandLine(): string {
  const words = process.argv.slice(2).map((word) => (isAbsolute(word) ? basename(word) : word));
  return ['rl', ...words].join(' ');
}
