import type { Command } from '@commander-js/extra-typings';
import { count, describeMachine, StatusLine, threadCount } from '@namm/cli';
import { Decoder, openModel } from '@namm/decoder';
import { textTable } from '@namm/report';
import { median } from '@namm/statistics';
import { measuredModel } from '../measuring/measured-model.js';
import { addModelOptions, type ModelOptions } from '../measuring/model-options.js';
import { randomPrompt } from '../measuring/random-prompt.js';
import { formatInterval, ratioOfMedians } from '../measuring/ratio-of-medians.js';
import { startStopwatch } from '../measuring/stopwatch.js';
import type { Clock } from '../speed/summarise.js';
import { MachineBound } from './machine-bound.js';
import { modelWork } from './model-work.js';

interface Options extends ModelOptions {
  readonly length: number;
  readonly rounds: number;
  readonly decodeTokens: number;
  readonly threads: number;
  readonly json?: boolean;
}

const status = new StatusLine();

/** Decode steps before the first round, so that code is compiled. */
const warmUpTokens = 48;

/** Adds `bound`: how near the decoder comes to what the machine can do. */
export function addBoundCommand(program: Command): void {
  const command = program
    .command('bound')
    .description('hold prefill and decode against the machine: its matrix products and its memory');
  addModelOptions(command)
    .option('--length <tokens>', 'tokens of the prompt', count, 2048)
    .option('--rounds <count>', 'measurements of each, in turns', count, 3)
    .option('--decode-tokens <count>', 'decode steps of a round', count, 16)
    .option('--threads <count>', '1 is measured in CPU time, more in wall time', threadCount, 1)
    .option('--json', 'print one object of JSON')
    .action(bound);
}

/** Per round: seconds of the model, and those that the machine needs for its arithmetic or its bytes. */
interface Share {
  readonly needed: number[];
  readonly taken: number[];
}

async function bound(options: Options): Promise<void> {
  const { length, rounds, decodeTokens, threads, seed } = options;
  const machine = describeMachine();
  const steps = warmUpTokens + rounds * decodeTokens;
  const model = await measuredModel(options, length + steps);
  const work = modelWork(await openModel(model.folder));
  const clock: Clock = threads === 1 ? 'cpu' : 'wall';
  const timed = async (run: () => unknown) => {
    const elapsed = startStopwatch();
    await run();
    return elapsed()[clock];
  };
  const decoder = await Decoder.load(model.folder, { threads });
  const limit = await MachineBound.open(threads);
  const prompt = randomPrompt(length, model.vocabulary, seed);
  const step = (cache: ReturnType<Decoder['createCache']>, ids: readonly number[]) =>
    decoder.step([{ cache, input: { ids } }]);
  const decoded = decoder.createCache();
  status.show('reading the prompt');
  await step(decoded, prompt);
  for (let i = 0; i < warmUpTokens; i++) await step(decoded, [1]);
  const prefill: Share = { needed: [], taken: [] };
  const decode: Share = { needed: [], taken: [] };
  const speeds: { gflops: number; gigabytes: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    status.show(`round ${round + 1} of ${rounds}`);
    let operations = 0;
    const multiplying = await timed(async () => {
      for (let i = 0; i < 8; i++) operations += (await limit.multiply()).operations;
    });
    let bytes = 0;
    const reading = await timed(() => {
      for (let i = 0; i < 4; i++) bytes += limit.read().bytes;
    });
    speeds.push({ gflops: operations / multiplying / 1e9, gigabytes: bytes / reading / 1e9 });
    const cache = decoder.createCache();
    prefill.taken.push(await timed(() => step(cache, prompt)));
    cache.release();
    const pairs = (length * (length + 1)) / 2;
    const needed = length * work.operations + pairs * work.attentionOperations;
    prefill.needed.push((needed / operations) * multiplying);
    const rows = decoded.seen + decodeTokens / 2;
    const taken = await timed(async () => {
      for (let i = 0; i < decodeTokens; i++) await step(decoded, [1]);
    });
    decode.taken.push(taken / decodeTokens);
    decode.needed.push(((work.weightBytes + rows * work.rowBytes) / bytes) * reading);
  }
  status.clear();
  await limit.release();
  await decoder.release();
  const shares = { prefill: shareOf(prefill), decode: shareOf(decode) };
  if (options.json) {
    const settings = { length, rounds, decodeTokens, threads };
    console.log(JSON.stringify({ machine, settings, work, speeds, prefill, decode, shares }));
    return;
  }
  const time = threads === 1 ? 'one thread, CPU time' : `${threads} threads, wall time`;
  console.log(`${model.title}; ${time}.\n${machine}.\n`);
  const row = (name: string, { needed, taken }: Share, share: typeof shares.prefill) => [
    name,
    (1000 * median(needed)).toFixed(1),
    (1000 * median(taken)).toFixed(1),
    formatInterval(share),
  ];
  console.log(
    textTable(
      ['', 'bound ms', 'taken ms', 'share'],
      [
        row(`prompt of ${length}`, prefill, shares.prefill),
        row(`a token after ${length}`, decode, shares.decode),
      ],
    ),
  );
  const gflops = median(speeds.map((speed) => speed.gflops)).toFixed(1);
  const gigabytes = median(speeds.map((speed) => speed.gigabytes)).toFixed(1);
  console.log(`\nMatrix products: ${gflops} GFLOP/s; memory read by one core: ${gigabytes} GB/s.`);
}

function shareOf({ needed, taken }: Share) {
  return ratioOfMedians(needed, taken);
}
