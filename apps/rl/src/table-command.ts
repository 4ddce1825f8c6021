import { join } from 'node:path';
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings';
import {
  count,
  describeMachine,
  fromZero,
  interruptSignal,
  listOf,
  listOrNone,
  nameFrom,
  ownPolicyForm,
  ProgressLine,
  terminalWidth,
} from '@namm/cli';
import {
  ControlTable,
  type ControlTask,
  contenderNames,
  type MemoryContender,
  nammMemoryContender,
  summariseTable,
  type TableSummary,
  tablesOfTasks,
} from '@namm/control';
import { writeFileAtomic } from '@namm/core';
import { nammCheckpoints } from '@namm/models';
import { readCheckpoint, shareNormaliser, withRandomParameters } from '@namm/namm';
import { textTable } from '@namm/report';
import { bundledTasks } from './bundled-tasks.js';
import { contenderFor } from './contender-for.js';

const policies = [
  ...['full', 'window:1', 'window:5', 'window:20', 'sink-recent', 'drop-old-returns', 'h2o', 'l2'],
  ...['l2-highest', 'keydiff', 'random', 'random-newest-step', 'namm-random', 'namm-frozen'],
];
/** The language NAMM, as it is and with random weights. */
const languageNamms = ['namm-frozen', 'namm-random'];

interface NamedNamm {
  readonly name: string;
  readonly file: string;
}

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
    .requiredOption('--out <folder>', 'for episodes and tables; the same command goes on with it')
    .option('--tasks <list>', taskNames.join(', '), listOf(nameFrom(taskNames)), taskNames)
    .option(
      '--policies <list>',
      [...languageNamms, ...contenderNames, ownPolicyForm].join(', '),
      listOf(String),
      policies,
    )
    .option(
      '--namms <list>',
      "more rows, as NAME=FILE; {agent} in FILE is the agent's folder, {task} the task's name",
      listOf(namedNamm),
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
  const contenders = (task: ControlTask) => contendersOf(options, task);
  const settings = { folder: out, tasks, contenders, episodes, seed };
  const controlTable = new ControlTable({ ...settings, windows, validationEpisodes });
  console.log(`Machine: ${describeMachine()}.`);
  const progress = new ProgressLine('episodes');
  try {
    await controlTable.run({ signal, onProgress: (event) => progress.update(event, event.stage) });
  } finally {
    progress.clear();
    await write(out, await summariseTable(controlTable));
  }
}

async function contendersOf(options: Options, task: ControlTask): Promise<MemoryContender[]> {
  const { budget, updateInterval } = options;
  const rows: MemoryContender[] = [];
  const limits = { budget, updateInterval };
  for (const name of options.policies) {
    if (!languageNamms.includes(name)) {
      rows.push(await contenderFor(name, { budget }));
      continue;
    }
    const file = options.languageNamm ?? (nammCheckpoints('nano-llama')[0] as string);
    const frozen = shareNormaliser(await readCheckpoint(file));
    const checkpoint = name === 'namm-random' ? withRandomParameters(frozen, 0) : frozen;
    rows.push(nammMemoryContender(name, checkpoint, limits));
  }
  for (const { name, file } of options.namms) {
    const path = file.replaceAll('{agent}', task.agent).replaceAll('{task}', task.name);
    rows.push(nammMemoryContender(`namm-${name}`, await readCheckpoint(path), limits));
  }
  return rows;
}

/** The tables on the screen and as a file, and all numbers; nothing while there is nothing to say. */
async function write(out: string, summary: TableSummary): Promise<void> {
  if (summary.tasks.every(({ rows }) => rows.every(({ episodes }) => episodes === 0))) return;
  const tables = tablesOfTasks(summary);
  const text = (width?: number) =>
    tables
      .map(({ title, headings, rows }) => {
        const lines = textTable(headings, rows, width === undefined ? {} : { width });
        return `**${title}**\n\n${lines}\n`;
      })
      .join('\n');
  console.log(`\n${text(terminalWidth())}`);
  console.log('Means with 95 % bootstrap intervals over episodes, paired by seed.');
  await writeFileAtomic(join(out, 'table.md'), text());
  await writeFileAtomic(join(out, 'table.json'), `${JSON.stringify(summary, null, 1)}\n`);
}

function namedNamm(text: string): NamedNamm {
  const [name = '', ...rest] = text.split('=');
  const file = rest.join('=');
  if (!/^[\w.-]+$/.test(name) || file.trim() === '') {
    throw new InvalidArgumentError(`'${text}' is no NAME=FILE.`);
  }
  return { name, file };
}
