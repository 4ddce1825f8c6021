import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { count, describeMachine, StatusLine, threadCount } from '@namm/cli';
import type { WeightDtype } from '@namm/decoder';
import { textTable } from '@namm/report';
import { dtypeOption } from '../measuring/dtype-option.js';
import { runInProcess } from '../measuring/run-in-process.js';
import { type LargePart, type LargeRequest, measureLarge } from './measure-large.js';
import { writeRandomShards } from './write-random-shards.js';

const status = new StatusLine();

/** Name of the hidden command that a child process runs. */
const measureCommandName = 'measure-large';

interface Options {
  readonly work: string;
  readonly layers: number;
  readonly heads: number;
  readonly vocabulary: number;
  readonly dtype: WeightDtype;
  readonly length: number;
  readonly decodeTokens: number;
  readonly budget: number;
  readonly threads: number;
  readonly seed: number;
  readonly json?: boolean;
}

const headCount = (text: string): number => {
  if (count(text) % 4 === 0) return count(text);
  throw new InvalidArgumentError(`'${text}' is no multiple of 4.`);
};

/** Adds `large`: what it takes to bring a large model to few bits and to run it. */
export function addLargeCommand(program: Command): void {
  program
    .command('large')
    .description('round a large model of random bfloat16 shards to few bits, and run it under H2O')
    .option('--work <folder>', 'where its files go while it is measured', tmpdir())
    .option('--layers <count>', 'layers; with the defaults the model is Llama 3 8B', count, 32)
    .option('--heads <count>', 'query heads, and with them all widths', headCount, 32)
    .option('--vocabulary <count>', 'tokens that the model knows', count, 128256)
    .addOption(dtypeOption('q4'))
    .option('--length <tokens>', 'tokens of the prompt', count, 1024)
    .option('--decode-tokens <count>', 'decode steps after it', count, 64)
    .option('--budget <tokens>', 'what H2O holds per head', count, 256)
    .option('--threads <count>', 'threads that compute', threadCount, 1)
    .option('--seed <seed>', 'seed of weights and prompt', count, 1)
    .option('--json', 'print one object of JSON')
    .action(large);
  program
    .command(measureCommandName, { hidden: true })
    .argument('<request>')
    .action(async (request: string) => {
      console.log(JSON.stringify(await measureLarge(JSON.parse(request))));
    });
}

async function large(options: Options): Promise<void> {
  const machine = describeMachine();
  // Below the folder that is named, so that nothing of the user's is removed at the end.
  const work = await mkdtemp(join(options.work, 'namm-large-'));
  try {
    const model = join(work, 'model');
    const bytes = await writeRandomShards(model, options, options.seed, (done, all) => {
      status.show(`shard ${done} of ${all}`);
    });
    const request = {
      ...{ ...options, model, preparedWeights: join(work, 'prepared') },
    } satisfies LargeRequest;
    const measure = (what: string, changed: Partial<LargeRequest> = {}) => {
      status.show(what);
      return runInProcess<LargePart[]>(measureCommandName, { ...request, ...changed }, what);
    };
    const first = await measure('rounding the weights', { length: 0 });
    const second = await measure('the second start, prompt and answer');
    status.clear();
    if (options.json) {
      console.log(JSON.stringify({ machine, settings: options, bytes, first, second }));
      return;
    }
    console.log(`${machine}; ${options.threads} threads.`);
    console.log(`${(bytes / 1e9).toFixed(2)} GB of bfloat16 weights, as ${options.dtype}.\n`);
    console.log(formatParts([...first, ...second]));
  } finally {
    status.clear();
    await rm(work, { recursive: true });
  }
}

function formatParts([rounding, ...others]: readonly LargePart[]): string {
  const row = (name: string, { cpu, wall, peakMegabytes, ...part }: LargePart) => [
    name,
    cpu.toFixed(1),
    wall.toFixed(1),
    peakMegabytes.toFixed(0),
    part.residentMegabytes.toFixed(0),
    part.privateMegabytes?.toFixed(0) ?? '',
  ];
  const headings = ['', 'CPU s', 'wall s', 'peak MB', 'resident MB', 'private MB'];
  const names = { load: 'second start', prefill: 'prompt', decode: 'answer' };
  return textTable(headings, [
    row('first start', rounding!),
    ...others.map((part) => row(names[part.part], part)),
  ]);
}
