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
      'record episodes: of a memory task by its oracle, of a body by a policy trained here',
    )
    .requiredOption(
      '--environment <settings>',
      'environment, such as t-maze:length=100 or hopper',
      readBy(parseEnvironment),
    )
    .requiredOption(
      '--out <folder>',
      'folder for the files; each is named after the return it reaches',
      outputFolder,
    )
    .option('--seed <seed>', 'seed for everything random', fromZero, 0)
    .option('--episodes <count>', 'memory tasks: number of episodes (default: 1000)', count)
    .option(
      '--mixture <list>',
      'memory tasks: shares of oracle, memoryless and random play (default: oracle:2,memoryless:1)',
      listOf(mixtureAgent),
    )
    .option('--training-steps <count>', 'bodies: training steps (default: 300000)', count)
    .option(
      '--step-size <size>',
      'bodies: step size of the training (default: 0.02)',
      positiveNumber,
    )
    .option(
      '--noise <size>',
      'bodies: size of the random directions (default: 0.03)',
      positiveNumber,
    )
    .option('--directions <count>', 'bodies: directions tried per update (default: 8)', count)
    .option('--best <count>', 'bodies: best directions that make up an update (default: 4)', count)
    .option(
      '--shift <reward>',
      'bodies: number subtracted from rewards in training (default: 1)',
      number,
    )
    .option(
      '--styles <list>',
      'bodies: data sets to write: replay, medium, expert (default: all)',
      listOf(nameFrom(collectionStyles)),
    )
    .option('--steps <count>', 'bodies: steps per data set (default: 100000)', count)
    .option(
      '--episode-seed <seed>',
      'bodies: seed for the medium and expert episodes (default: --seed)',
      fromZero,
    )
    .option(
      '--workers <count>',
      'bodies: worker threads; any number gives the same data',
      threadCount,
    )
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
