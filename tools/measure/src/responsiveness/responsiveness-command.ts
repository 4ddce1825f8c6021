import type { Command } from '@commander-js/extra-typings';
import { count, describeMachine, StatusLine, threadCount } from '@namm/cli';
import { textTable } from '@namm/report';
import { median } from '@namm/statistics';
import { measuredModel } from '../measuring/measured-model.js';
import { addModelOptions, type ModelOptions } from '../measuring/model-options.js';
import { runInProcess } from '../measuring/run-in-process.js';
import {
  measureResponsiveness,
  type Place,
  places,
  type Responsiveness,
  resolution,
} from './measure-responsiveness.js';

const status = new StatusLine();

interface Options extends ModelOptions {
  readonly length: number;
  readonly rounds: number;
  readonly threads: number;
  readonly json?: boolean;
}

/** Rounds of one place. */
interface Row {
  readonly place: Place;
  readonly rounds: readonly Responsiveness[];
}

/** Name of the hidden command that a child process runs. */
const measureCommandName = 'measure-responsiveness';

/** Adds `responsiveness`: how late the caller's event loop is while a prompt is read. */
export function addResponsivenessCommand(program: Command): void {
  const command = program
    .command('responsiveness')
    .description(
      'measure how long reading a prompt keeps the event loop, with and without a worker',
    );
  addModelOptions(command)
    .option('--length <tokens>', 'tokens of the prompt', count, 2048)
    .option('--rounds <count>', 'measurements of each', count, 3)
    .option('--threads <count>', 'threads that compute', threadCount, 1)
    .option('--json', 'print one object of JSON')
    .action(responsiveness);
  program
    .command(measureCommandName, { hidden: true })
    .argument('<request>')
    .action(async (request: string) => {
      console.log(JSON.stringify(await measureResponsiveness(JSON.parse(request))));
    });
}

async function responsiveness(options: Options): Promise<void> {
  const { layers, seed, length, threads, rounds } = options;
  const machine = describeMachine();
  const { folder, vocabulary, title } = await measuredModel(options, length);
  const found: Responsiveness[][] = places.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [which, place] of places.entries()) {
      const what = `a prompt of ${length} tokens, model in ${place}`;
      status.show(`round ${round + 1} of ${rounds}: ${what}`);
      const request = { place, folder, length, threads, vocabulary, seed };
      found[which]!.push(await runInProcess<Responsiveness>(measureCommandName, request, what));
    }
  }
  status.clear();
  const rows: Row[] = places.map((place, which) => ({ place, rounds: found[which]! }));
  if (options.json) {
    const settings = { layers, vocabulary, seed, length, rounds, threads };
    console.log(JSON.stringify({ machine, settings, rows }));
    return;
  }
  const computing = `${threads} thread${threads === 1 ? '' : 's'}`;
  console.log(`${title}; ${computing}.`);
  console.log(`${machine}.`);
  console.log(`\n${formatRows(rows)}\n`);
  console.log(
    `${length} tokens read. Milliseconds between two ticks of a timer of ${resolution} ms on`,
  );
  console.log(
    `the caller's thread: medians of ${rounds}; max: the largest. others: cores that other`,
  );
  console.log(
    'processes used. nowhere: no model, to show what the machine itself does to a timer.',
  );
}

function formatRows(rows: readonly Row[]): string {
  const headings = ['model in', 'p50 ms', 'p99 ms', 'max ms', 'ticks', 'seconds', 'others'];
  return textTable(
    headings,
    rows.map(({ place, rounds }) => {
      const of = (value: keyof Responsiveness) => rounds.map((round) => round[value]);
      return [
        place,
        median(of('p50')).toFixed(1),
        median(of('p99')).toFixed(1),
        Math.max(...of('max')).toFixed(1),
        median(of('ticks')).toFixed(0),
        median(of('seconds')).toFixed(1),
        median(of('otherCores')).toFixed(2),
      ];
    }),
  );
}
