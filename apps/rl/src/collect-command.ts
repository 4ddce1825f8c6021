import { type Command, InvalidArgumentError } from '@commander-js/extra-typings';
import {
  count,
  fromZero,
  interruptSignal,
  listOf,
  nameFrom,
  number,
  outputFolder,
  positiveNumber,
  readBy,
  showProgress,
  threadCount,
} from '@namm/cli';
import { parseEnvironment } from '@namm/control';
import { counted } from '@namm/core';
import { collectEpisodes, collectionStyles, type MixtureAgent } from '@namm/environments';

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
    .requiredOption(
      '--out <folder>',
      'for the files, which are named by the return they reach',
      outputFolder,
    )
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
      listOf(nameFrom(collectionStyles)),
    )
    .option('--steps <count>', 'bodies: steps of each data set (default: 100000)', count)
    .option(
      '--episode-seed <seed>',
      'bodies: of the episodes of medium and expert (default: --seed)',
      fromZero,
    )
    .option('--workers <count>', 'bodies: threads; the data are the same with any', threadCount)
    .action(async (options) => {
      await showProgress('done', (onProgress, clear) =>
        collectEpisodes({
          ...{ ...options, signal: interruptSignal(), onProgress },
          onData: ({ path, info }) => {
            clear();
            console.log(
              `${path}: ${counted(info.episodes, 'episode')}, ${counted(info.steps, 'step')}`,
            );
          },
        }),
      );
    });
}

function mixtureAgent(text: string): MixtureAgent {
  const [name = '', value, ...more] = text.split(':');
  const agent = nameFrom(['oracle', 'memoryless', 'random'] as const)(name);
  if (value === undefined || more.length > 0) {
    throw new InvalidArgumentError(`'${text}' is not of the form AGENT:SHARE, such as oracle:2.`);
  }
  return { agent, share: positiveNumber(value) };
}
