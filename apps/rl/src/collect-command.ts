import { join } from 'node:path';
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings';
import {
  count,
  fromZero,
  interruptSignal,
  listOf,
  nameFrom,
  number,
  ProgressLine,
  positiveNumber,
  readBy,
  threadCount,
} from '@namm/cli';
import { parseEnvironment } from '@namm/control';
import { InvalidArgumentError as BadValue } from '@namm/core';
import {
  type CollectionStyle,
  collectFromRun,
  collectFromTask,
  type EnvironmentSettings,
  isMemoryTask,
  type MixtureAgent,
  trainArs,
} from '@namm/environments';

interface Options {
  environment: EnvironmentSettings;
  out: string;
  seed: number;
  episodes?: number;
  mixture?: MixtureAgent[];
  trainingSteps?: number;
  stepSize?: number;
  noise?: number;
  directions?: number;
  best?: number;
  shift?: number;
  styles?: CollectionStyle[];
  steps?: number;
  workers?: number;
}

const ofTasks = ['episodes', 'mixture'] as const;
const ofBodies = [
  ...(['trainingSteps', 'stepSize', 'noise', 'directions', 'best'] as const),
  ...(['shift', 'styles', 'steps', 'workers'] as const),
];
const styles = ['replay', 'medium', 'expert'] as const;

/** Adds `collect`: data of our own for Decision Transformers. */
export function addCollectCommand(program: Command): void {
  program
    .command('collect')
    .description(
      'write episodes: of a memory task from its oracle, of a body from a policy trained here',
    )
    .requiredOption(
      '--environment <settings>',
      'such as t-maze:length=100 or hopper',
      readBy(parseEnvironment),
    )
    .requiredOption('--out <folder>', 'for the files, which are named by the return they reach')
    .option('--seed <seed>', 'of everything random', fromZero, 0)
    .option('--episodes <count>', 'memory tasks: episodes (default: 1000)', count)
    .option(
      '--mixture <list>',
      'memory tasks: oracle, memoryless, random, each with its share (default: oracle:2,memoryless:1)',
      listOf(mixtureAgent),
    )
    .option('--training-steps <count>', 'bodies: steps of the training (default: 300000)', count)
    .option('--step-size <size>', 'bodies: of the training (default: 0.02)', positiveNumber)
    .option('--noise <size>', 'bodies: of its directions (default: 0.03)', positiveNumber)
    .option('--directions <count>', 'bodies: tried before each step (default: 8)', count)
    .option('--best <count>', 'bodies: of them, that the step is made of (default: 4)', count)
    .option('--shift <reward>', 'bodies: taken off rewards in training (default: 1)', number)
    .option(
      '--styles <list>',
      'bodies: replay, medium, expert (default: all)',
      listOf(nameFrom(styles)),
    )
    .option('--steps <count>', 'bodies: steps of each data set (default: 100000)', count)
    .option('--workers <count>', 'bodies: threads; the data are the same with any', threadCount)
    .action(collect);
}

async function collect(options: Options): Promise<void> {
  const { environment, out, seed } = options;
  const signal = interruptSignal();
  const isTask = isMemoryTask(environment);
  for (const name of isTask ? ofBodies : ofTasks) {
    if (options[name] === undefined) continue;
    const option = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    const kind = isTask ? 'memory task' : 'body';
    throw new BadValue(option, `has no effect on ${environment.name}, which is a ${kind}`);
  }
  const progress = new ProgressLine('done');
  const onProgress = (event: Parameters<ProgressLine['update']>[0] & { stage: string }) =>
    progress.update(event, event.stage);
  const tell = ({ path, info }: Awaited<ReturnType<typeof collectFromTask>>) => {
    progress.clear();
    console.log(`${path}: ${info.episodes} episodes, ${info.steps} steps`);
  };
  try {
    if (isTask) {
      const { episodes = 1000, mixture = defaultMixture } = options;
      const wanted = { environment, mixture, episodes, seed, out, signal, onProgress };
      tell(await collectFromTask(wanted));
      return;
    }
    const { trainingSteps = 300_000, shift = 1, steps = 100_000, workers = 1 } = options;
    const { stepSize, noise, directions, best } = options;
    const folder = join(out, `ars-${environment.name}-${seed}`);
    const search = {
      ...(stepSize !== undefined && { stepSize }),
      ...(noise !== undefined && { noise }),
      ...(directions !== undefined && { directions }),
      ...(best !== undefined && { best }),
    };
    const run = { folder, environment, seed, shift, workers, signal, onProgress, ...search };
    await trainArs({ ...run, steps: trainingSteps });
    for (const style of options.styles ?? styles) {
      const data = { run: folder, style, steps, seed, out, workers, signal, onProgress };
      tell(await collectFromRun(data));
    }
  } finally {
    progress.clear();
  }
}

const defaultMixture: MixtureAgent[] = [
  { agent: 'oracle', share: 2 },
  { agent: 'memoryless', share: 1 },
];

function mixtureAgent(text: string): MixtureAgent {
  const [name = '', value, ...more] = text.split(':');
  const agent = nameFrom(['oracle', 'memoryless', 'random'] as const)(name);
  if (value === undefined || more.length > 0) {
    throw new InvalidArgumentError(`'${text}' is no AGENT:SHARE, such as oracle:2.`);
  }
  return { agent, share: positiveNumber(value) };
}
