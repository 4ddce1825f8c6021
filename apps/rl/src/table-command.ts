import { join } from 'node:path';
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
  ProgressLine,
  readBy,
  terminalWidth,
} from '@namm/cli';
import {
  bundledTasks,
  ControlTable,
  type ControlTask,
  contenderNames,
  languageNammNames,
  type NamedNamm,
  parseNamedNamm,
  summariseTable,
  tableContenders,
  tableText,
} from '@namm/control';
import { writeFileAtomic } from '@namm/core';
import { contenderFor } from './contender-for.js';

const policies = [
  ...['full', 'window:1', 'window:5', 'window:20', 'sink-recent', 'drop-old-returns', 'h2o', 'l2'],
  ...['l2-highest', 'keydiff', 'random', 'random-newest-step', 'namm-random', 'namm-frozen'],
  'namm-calibrated',
];
interface Options {
  out: string;
  tasks: string[];
  policies: string[];
  namms: NamedNamm[];
  languageNamm?: string;
  updateInterval: number;
  budget: string;
  episodes: number;
  seed: number;
  windows: number[];
  validationEpisodes: number;
}

const taskNames = bundledTasks.map(({ name }) => name);

/** Adds `table`: every bundled agent under the same ways to remember. */
export function addTableCommand(program: Command): void {
  program
    .command('table')
    .description('let all agents play the same episodes under the same policies, and sum it up')
    .requiredOption(
      '--out <folder>',
      'for episodes and tables; the same command goes on with it',
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
    .option('--language-namm <file>', 'of namm-frozen and namm-random; that of nano-llama')
    .option('--update-interval <tokens>', 'from one decision of a NAMM to the next', count, 48)
    .option('--budget <size>', 'of policies, and the most for a NAMM: rows, a share, bytes', '50%')
    .option('--episodes <count>', 'episodes per policy and task', count, 100)
    .option('--seed <seed>', 'of the first episode; the next have the next', fromZero, 0)
    .option(
      '--windows <list>',
      'steps of windows, of which the best on other episodes is a row, or none',
      listOrNone(count),
      [1, 2, 5, 10, 20],
    )
    .option('--validation-episodes <count>', 'for the best of them', count, 20)
    .action(table);
}

async function table(options: Options): Promise<void> {
  const signal = interruptSignal();
  const { out, episodes, seed, windows, validationEpisodes } = options;
  const tasks = bundledTasks.filter(({ name }) => options.tasks.includes(name));
  const { policies: names, namms, languageNamm, budget, updateInterval } = options;
  const rows = { policies: names, namms, languageNamm, budget, updateInterval };
  const contenders = (task: ControlTask) =>
    tableContenders(task, { ...rows, contender: contenderFor });
  const settings = { folder: out, tasks, contenders, episodes, seed };
  const controlTable = new ControlTable({ ...settings, windows, validationEpisodes });
  console.log(`Machine: ${describeMachine()}.`);
  const progress = new ProgressLine('episodes');
  try {
    await controlTable.run({ signal, onProgress: (event) => progress.update(event, event.stage) });
  } finally {
    progress.clear();
    const summary = await summariseTable(controlTable);
    if (summary.tasks.some(({ rows }) => rows.some((row) => row.episodes > 0))) {
      console.log(`\n${tableText(summary, terminalWidth())}`);
      console.log('Means with 95 % bootstrap intervals over episodes, paired by seed.');
      await writeFileAtomic(join(out, 'table.md'), tableText(summary));
      await writeFileAtomic(join(out, 'table.json'), `${JSON.stringify(summary, null, 1)}\n`);
    }
  }
}
