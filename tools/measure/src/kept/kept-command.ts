import { type Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { count, describeMachine, listOf, StatusLine, threadCount } from '@namm/cli';
import { Decoder } from '@namm/decoder';
import type { KVCache } from '@namm/kv-cache';
import { textTable } from '@namm/report';
import { median } from '@namm/statistics';
import { measuredModel } from '../measuring/measured-model.js';
import { addModelOptions, type ModelOptions } from '../measuring/model-options.js';
import { randomPrompt } from '../measuring/random-prompt.js';
import { formatInterval, ratioOfMedians } from '../measuring/ratio-of-medians.js';
import { type DecodeTime, timeDecode, type Variant } from './decode-times.js';
import { type MemoryFound, memoryPolicies, memoryWhileDecoding } from './memory-while-decoding.js';

const status = new StatusLine();

interface Options extends ModelOptions {
  readonly length: number;
  readonly shares: number[];
  readonly rounds: number;
  readonly decodeTokens: number;
  readonly memoryTokens: number;
  readonly threads: number;
  readonly json?: boolean;
}

/** Rounds of one variant. */
interface Row extends Variant {
  readonly rounds: readonly DecodeTime[];
}

const percents = (text: string): number[] => {
  const values = listOf(count)(text);
  const wrong = values.find((value) => value > 100);
  if (wrong === undefined) return values;
  throw new InvalidArgumentError(`'${wrong}' is above 100 percent.`);
};

/** Adds `kept`: what a decode step costs when heads keep less, evenly and unevenly. */
export function addKeptCommand(program: Command): void {
  const command = program
    .command('kept')
    .description('measure decode time and memory of caches that keep a part of the tokens');
  addModelOptions(command)
    .option('--length <tokens>', 'tokens of the prompt', count, 2048)
    .option('--shares <list>', 'percent of the rows that are kept', percents, [100, 75, 50, 25, 12])
    .option('--rounds <count>', 'measurements of each', count, 5)
    .option('--decode-tokens <count>', 'timed decode steps', count, 32)
    .option('--memory-tokens <count>', 'decode steps while memory is looked at', count, 512)
    .option('--threads <count>', '1 is measured in CPU time, more in wall time', threadCount, 1)
    .option('--json', 'print one object of JSON')
    .action(kept);
}

async function kept(options: Options): Promise<void> {
  const { length, shares, layers, seed, threads, memoryTokens } = options;
  const machine = describeMachine();
  const { folder, vocabulary, title } = await measuredModel(
    options,
    length + Math.max(options.decodeTokens + 1, memoryTokens),
  );
  const decoder = await Decoder.load(folder, { threads });
  const prompt = randomPrompt(length, vocabulary, seed);

  status.show(`reading ${length} tokens`);
  const cache = decoder.createCache();
  await decoder.step([{ cache, input: { ids: prompt }, outputs: 'none' }]);
  const variants = shares.flatMap((share): Variant[] => {
    const even: Variant = { kept: share, heads: 'even' };
    return share === 100 ? [even] : [even, { kept: share, heads: 'uneven' }];
  });
  const rows = await timeRounds(decoder, cache, variants, options);

  const memory: MemoryFound[] = [];
  for (const policy of memoryPolicies(Math.max(1, Math.floor(length / 4)))) {
    status.show(`memory: ${policy.name}`);
    memory.push(await memoryWhileDecoding(decoder, policy, prompt, memoryTokens));
  }
  await decoder.release();
  status.clear();
  if (options.json) {
    const { rounds, decodeTokens } = options;
    const model = { layers, vocabulary, seed };
    const settings = { ...model, length, rounds, decodeTokens, memoryTokens, threads };
    console.log(JSON.stringify({ machine, settings, rows, memory }));
    return;
  }
  const time = threads === 1 ? 'one thread, CPU time' : `${threads} threads, wall time`;
  console.log(`${title}; ${time}.`);
  console.log(`${machine}.`);
  console.log(`\n${formatTimes(rows, threads === 1 ? 'cpu' : 'wall')}\n`);
  console.log(`${length} tokens read; medians of ${options.rounds}. others: cores that other`);
  console.log('processes used. ×: time of the first row over that of the row, with 95 % bootstrap');
  console.log(
    'intervals. uneven: each head of a layer keeps four times what the one before keeps.',
  );
  console.log(`\n${formatMemory(memory)}\n`);
  console.log(`A budget of a quarter, ${memoryTokens} tokens decoded. Largest ratio of the bytes`);
  console.log('allocated to those of the rows kept, after each chunk and each 256 decoded tokens.');
}

/** Times all variants in turns; every round another one goes first. */
async function timeRounds(
  decoder: Decoder,
  cache: KVCache,
  variants: readonly Variant[],
  { rounds, decodeTokens }: Options,
): Promise<Row[]> {
  const times: DecodeTime[][] = variants.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < variants.length; turn++) {
      const which = (turn + round) % variants.length;
      const variant = variants[which]!;
      status.show(`round ${round + 1} of ${rounds}: ${variant.kept} %, ${variant.heads} heads`);
      times[which]!.push(await timeDecode(decoder, cache, variant, decodeTokens));
    }
  }
  return variants.map((variant, which) => ({ ...variant, rounds: times[which]! }));
}

function formatTimes(rows: readonly Row[], clock: 'cpu' | 'wall'): string {
  const headings = ['kept', 'heads', 'rows per head', 'cache MB', 'decode ms/token', '×', 'others'];
  const timesOf = ({ rounds }: Row) => rounds.map((round) => round[clock]);
  return textTable(
    headings,
    rows.map((row) => {
      const { fewest, most, bytes } = row.rounds[0]!;
      return [
        `${row.kept} %`,
        row.heads,
        range(fewest, most),
        (bytes / 1e6).toFixed(1),
        (1000 * median(timesOf(row))).toFixed(1),
        formatInterval(ratioOfMedians(timesOf(rows[0]!), timesOf(row))),
        median(row.rounds.map(({ otherCores }) => otherCores)).toFixed(2),
      ];
    }),
  );
}

function formatMemory(memory: readonly MemoryFound[]): string {
  return textTable(
    ['cache', 'rows per head', 'MB', 'after chunks ×', 'while decoding ×'],
    memory.map(({ policy, fewest, most, afterChunks, whileDecoding, allocatedMegabytes }) => [
      policy,
      range(fewest, most),
      allocatedMegabytes.toFixed(1),
      afterChunks.toFixed(3),
      whileDecoding.toFixed(3),
    ]),
  );
}

function range(fewest: number, most: number): string {
  const words = (rows: number) => rows.toLocaleString('en');
  return fewest === most ? words(most) : `${words(fewest)}–${words(most)}`;
}
