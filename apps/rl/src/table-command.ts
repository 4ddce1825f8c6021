import type { Command } from '@commander-js/extra-typings';
import {
  count,
  describeMachine,
  fromZero,
  interruptSignal,
  listOf,
  listOrNone,
  nameFrom,
  outputFolder,
  ownPolicyForm,
  readBy,
  showProgress,
  terminalWidth,
} from '@namm/cli';
import {
  bundledTasks,
  contenderNames,
  languageNammNames,
  type NamedNamm,
  parseNamedNamm,
} from '@namm/control';
import { fillControlTable } from '@namm/jobs/control';

const policies = [
  ...['full', 'window:1', 'window:5', 'window:20', 'sink-recent', 'drop-old-returns', 'h2o', 'l2'],
  ...['l2-highest', 'keydiff', 'random', 'random-newest-step', 'namm-random', 'namm-frozen'],
  'namm-calibrated',
];

const taskNames = bundledTasks.map(({ name }) => name);

/** Adds `table`: every bundled agent under the same ways to remember. */
export function addTableCommand(program: Command): void {
  program
    .command('table')
    .description(
      'let all agents play the same episodes under the same policies, and write the tables',
    )
    .requiredOption(
      '--out <folder>',
      'folder for episodes and tables; the same command resumes',
      outputFolder,
    )
    .option('--tasks <list>', taskNames.join(', '), listOf(nameFrom(taskNames)), taskNames)
    .option(
      '--policies <list>',
      [...languageNammNames, ...contenderNames, ownPolicyForm].join(', '),
      listOf(String),
      policies,
    )
    .option(
      '--namms <list>',
      "more rows, as NAME=FILE; {agent} in FILE is the agent's folder, {task} the task's name",
      listOf(readBy(parseNamedNamm)),
      [] as NamedNamm[],
    )
    .option('--language-namm <file>', 'NAMM for namm-frozen and namm-random (that of nano-llama)')
    .option('--update-interval <tokens>', 'tokens between two decisions of a NAMM', count, 48)
    .option(
      '--budget <size>',
      'budget of the policies, and the most that a NAMM may keep: rows, a share, bytes',
      '50%',
    )
    .option('--episodes <count>', 'episodes per policy and task', count, 100)
    .option('--seed <seed>', 'seed of the first episode; each next one adds 1', fromZero, 0)
    .option(
      '--windows <list>',
      'window lengths to choose from, in steps: the best on other episodes gets a row; or none',
      listOrNone(count),
      [1, 2, 5, 10, 20],
    )
    .option('--validation-episodes <count>', 'episodes for choosing that window', count, 20)
    .action(async (options) => {
      console.log(`Machine: ${describeMachine()}.`);
      await showProgress('episodes', (onProgress, clear) =>
        fillControlTable({
          ...{ ...options, width: terminalWidth(), onProgress, signal: interruptSignal() },
          onTables: (tables) => {
            clear();
            console.log(`\n${tables}`);
            console.log('Means with 95 % bootstrap intervals over episodes, paired by seed.');
          },
        }),
      );
    });
}
