import type { Command } from '@commander-js/extra-typings';
import { count, describeMachine, StatusLine, threadCount } from '@namm/cli';
import type { WeightDtype } from '@namm/decoder';
import { textTable } from '@namm/report';
import { median } from '@namm/statistics';
import { dtypeOption } from '../measuring/dtype-option.js';
import { measuredModel } from '../measuring/measured-model.js';
import { addModelOptions, type ModelOptions } from '../measuring/model-options.js';
import { formatInterval, ratioOfMedians } from '../measuring/ratio-of-medians.js';
import { measureTogether } from './measure-together.js';

interface Options extends ModelOptions {
  readonly dtype: WeightDtype;
  readonly sequences: number;
  readonly length: number;
  readonly steps: number;
  readonly warmUp: number;
  readonly threads: number;
  readonly json?: boolean;
}

const status = new StatusLine();

/** Adds `together`: what several sequences gain by sharing a step. */
export function addTogetherCommand(program: Command): void {
  const command = program
    .command('together')
    .description('measure decoding of several sequences in one step, beside one after the other');
  addModelOptions(command)
    .addOption(dtypeOption('auto'))
    .option('--sequences <count>', 'sequences', count, 8)
    .option('--length <tokens>', 'tokens that each has read', count, 512)
    .option('--steps <count>', 'tokens of each that are timed, both ways', count, 16)
    .option('--warm-up <count>', 'tokens of each before them', count, 16)
    .option('--threads <count>', '1 is measured in CPU time, more in wall time', threadCount, 1)
    .option('--json', 'print one object of JSON')
    .action(together);
}

async function together(options: Options): Promise<void> {
  const { sequences, length, steps, warmUp, dtype, threads } = options;
  const machine = describeMachine();
  const needed = length + 2 * (steps + warmUp);
  const { folder, vocabulary, title } = await measuredModel(options, needed);
  status.show(`${sequences} sequences of ${length} tokens`);
  const times = await measureTogether({ ...options, model: folder, vocabulary });
  status.clear();
  const ratio = ratioOfMedians(times.apart, times.together);
  if (options.json) {
    console.log(JSON.stringify({ machine, settings: options, ...times, ratio }));
    return;
  }
  const time = threads === 1 ? 'one thread, CPU time' : `${threads} threads, wall time`;
  console.log(`${title}; dtype ${dtype}; ${time}.`);
  console.log(`${machine}.\n`);
  const row = (name: string, all: readonly number[]) => [
    name,
    median(all).toFixed(1),
    ((1000 * sequences) / median(all)).toFixed(1),
  ];
  const headings = [`${sequences} sequences of ${length}`, 'ms for a token of each', 'tokens/s'];
  console.log(
    textTable(headings, [row('one after the other', times.apart), row('together', times.together)]),
  );
  console.log(`\nTogether ${formatInterval(ratio)} × as fast; medians of ${steps} in turns.`);
}
