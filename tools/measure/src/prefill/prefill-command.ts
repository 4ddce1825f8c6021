import { type Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { count, describeMachine, StatusLine, threadCount } from '@namm/cli';
import { Decoder } from '@namm/decoder';
import { type EvictionPolicy, full, h2o, keptShare } from '@namm/kv-cache';
import { namm, randomNammFor, SpectrumCollector } from '@namm/namm';
import { textTable } from '@namm/report';
import { median } from '@namm/statistics';
import { measuredModel } from '../measuring/measured-model.js';
import { addModelOptions, type ModelOptions } from '../measuring/model-options.js';
import { randomPrompt } from '../measuring/random-prompt.js';
import { formatInterval, ratioOfMedians } from '../measuring/ratio-of-medians.js';
import { startStopwatch } from '../measuring/stopwatch.js';

import { findScoreOffset } from './find-score-offset.js';

const status = new StatusLine();

interface Options extends ModelOptions {
  readonly length: number;
  readonly share: number;
  readonly updateInterval: number;
  readonly rounds: number;
  readonly keepAll: boolean;
  readonly threads: number;
  readonly json?: boolean;
}

/** What reading the prompt once took, and what was left of it. */
interface Reading {
  readonly cpu: number;
  readonly wall: number;
  readonly otherCores: number;
  readonly kept: number;
  /** Bytes of keys, values and positions, and of the policy's state. */
  readonly cacheBytes: number;
  readonly policyBytes: number;
}

/** Tokens that the NAMM's statistics are measured on, with a full cache. */
const mostForStatistics = 2048;

const share = (text: string): number => {
  const value = Number(text);
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError(`'${text}' is not between 0 and 1.`);
};

/** Adds `prefill`: what it costs to read a prompt under a NAMM and under other policies. */
export function addPrefillCommand(program: Command): void {
  const command = program
    .command('prefill')
    .description('measure how long a prompt takes under a NAMM, beside the full cache and H2O');
  addModelOptions(command)
    .option('--length <tokens>', 'tokens of the prompt', count, 2048)
    .option('--share <share>', 'rows that the policies keep, about', share, 0.3)
    .option('--update-interval <tokens>', 'tokens from one update to the next', count, 512)
    .option('--rounds <count>', 'measurements of each', count, 3)
    .option('--threads <count>', '1 is measured in CPU time, more in wall time', threadCount, 1)
    .option('--no-keep-all', 'without the NAMM that keeps all, which is slow on long prompts')
    .option('--json', 'print one object of JSON')
    .action(prefill);
}

async function prefill(options: Options): Promise<void> {
  const { length, layers, seed, threads, updateInterval } = options;
  const machine = describeMachine();
  const { folder, vocabulary, title } = await measuredModel(options, length + 1);
  const prompt = randomPrompt(length, vocabulary, seed);

  // A graph computes one probe, so each policy has its own decoder, and only one is loaded at a time.
  const { probe } = h2o({ budget: 1 });
  const decoders = {
    none: await Decoder.load(folder, { threads }),
    columnSums: await Decoder.load(folder, { threads, probe }),
  };
  status.show('making a NAMM with random parameters');
  const spectral = await loadSpectral(folder, threads);
  const sample = prompt.slice(0, mostForStatistics);
  const checkpoint = await randomNammFor(spectral, sample, { updateInterval, seed });
  status.show(`finding the score offset that keeps ${100 * options.share} % of the rows`);
  const scoreOffset = await findScoreOffset(spectral, prompt, checkpoint, options.share);

  const contenders: { name: string; decoder: Decoder; policy: EvictionPolicy }[] = [
    { name: 'full cache', decoder: decoders.none, policy: full() },
    { name: 'H2O', decoder: decoders.columnSums, policy: h2o({ budget: options.share }) },
    { name: 'NAMM', decoder: spectral, policy: namm(checkpoint, { scoreOffset }) },
  ];
  if (options.keepAll) {
    const policy = namm(checkpoint, { scoreOffset: 1e6 });
    contenders.push({ name: 'NAMM that keeps all', decoder: spectral, policy });
  }
  const rows = contenders.map(({ name }) => ({ name, rounds: [] as Reading[] }));
  for (let round = 0; round < options.rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const which = (turn + round) % contenders.length;
      const { name, decoder, policy } = contenders[which]!;
      status.show(`round ${round + 1} of ${options.rounds}: ${name}`);
      rows[which]!.rounds.push(await read(decoder, policy, prompt));
    }
  }
  for (const { decoder } of contenders) await decoder.release();
  status.clear();
  if (options.json) {
    const settings = { layers, vocabulary, seed, length, threads, updateInterval, scoreOffset };
    console.log(JSON.stringify({ machine, settings, rows }));
    return;
  }
  const clock = threads === 1 ? 'cpu' : 'wall';
  const time = threads === 1 ? 'one thread, CPU time' : `${threads} threads, wall time`;
  console.log(`${title}; ${time}.`);
  console.log(`${machine}.\n`);
  console.log(formatRows(rows, clock));
  console.log(`\n${length} tokens read; medians of ${options.rounds}. ×: time over that of the`);
  console.log(
    'full cache, with 95 % bootstrap intervals. kept: share of the rows held at the end.',
  );
  const asked = `${100 * options.share} % at this length`;
  console.log(`Score offset of the NAMM, searched for ${asked}: ${scoreOffset.toFixed(3)}.`);
}

async function loadSpectral(folder: string, threads: number): Promise<Decoder> {
  const { probe } = new SpectrumCollector({ updateInterval: 16 }).policy;
  return Decoder.load(folder, { threads, probe });
}

async function read(
  decoder: Decoder,
  policy: EvictionPolicy,
  ids: readonly number[],
): Promise<Reading> {
  const cache = decoder.createCache({ policy });
  const elapsed = startStopwatch();
  await decoder.step([{ cache, input: { ids } }]);
  const { cpu, wall, others } = elapsed();
  const { bytes } = cache.memory();
  return {
    cpu,
    wall,
    otherCores: others / wall,
    kept: keptShare(cache.memory()),
    cacheBytes: bytes.used + bytes.positions,
    policyBytes: bytes.policy,
  };
}

function formatRows(
  rows: readonly { readonly name: string; readonly rounds: readonly Reading[] }[],
  clock: 'cpu' | 'wall',
): string {
  const timesOf = (which: number) => rows[which]!.rounds.map((round) => round[clock]);
  const headings = ['policy', 'kept', 'cache MB', 'policy MB', 'seconds', '×', 'others'];
  return textTable(
    headings,
    rows.map(({ name, rounds }, which) => {
      const { kept, cacheBytes, policyBytes } = rounds[0]!;
      return [
        name,
        `${(100 * kept).toFixed(1)} %`,
        (cacheBytes / 1e6).toFixed(1),
        (policyBytes / 1e6).toFixed(1),
        median(timesOf(which)).toFixed(2),
        formatInterval(ratioOfMedians(timesOf(which), timesOf(0))),
        median(rounds.map(({ otherCores }) => otherCores)).toFixed(2),
      ];
    }),
  );
}
