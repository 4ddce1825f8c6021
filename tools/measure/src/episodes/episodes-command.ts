import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { randomDecisionTransformer } from '@namm/cache-decision-transformer';
import { count, describeMachine, StatusLine } from '@namm/cli';
import { textTable } from '@namm/report';
import { median } from '@namm/statistics';
import { formatInterval, ratioOfMedians } from '../measuring/ratio-of-medians.js';
import { type EpisodeTimes, measureEpisodes } from './measure-episodes.js';

interface Options {
  readonly model?: string;
  readonly hidden: number;
  readonly window: number;
  readonly steps: number;
  readonly rounds: number;
  readonly seed: number;
  readonly python?: string;
  readonly json?: boolean;
}

/** Adds `episodes`: steps of a Decision Transformer on caches, and with a window computed anew. */
export function addEpisodesCommand(program: Command): void {
  program
    .command('episodes')
    .description(
      'measure steps of a Decision Transformer on caches, with a window computed anew, and in PyTorch',
    )
    .option('--model <folder>', 'a Decision Transformer, instead of one of random weights')
    .option('--hidden <size>', 'hidden size of the model of random weights', count, 64)
    .option('--window <steps>', 'steps that are computed anew', count, 20)
    .option('--steps <count>', 'steps of an episode', count, 1000)
    .option('--rounds <count>', 'episodes of each', count, 5)
    .option('--seed <seed>', 'seed of weights and states', count, 1)
    .option('--python <program>', 'a Python with torch and transformers: measures these too')
    .option('--json', 'print one object of JSON')
    .action(episodes);
}

async function episodes({ model, json, ...options }: Options): Promise<void> {
  const machine = describeMachine();
  const status = new StatusLine();
  const work = await mkdtemp(join(tmpdir(), 'namm-episodes-'));
  try {
    const { hidden, steps, seed, window } = options;
    if (model === undefined) {
      const sizes = { stateSize: 11, actionSize: 3, hiddenSize: hidden };
      await randomDecisionTransformer(work, { seed, ...sizes, timesteps: Math.max(steps, window) });
    }
    const rows = await measureEpisodes(model ?? work, options, (round, name) =>
      status.show(`round ${round + 1} of ${options.rounds}: ${name}`),
    );
    status.clear();
    if (json) {
      console.log(JSON.stringify({ machine, settings: { model, ...options }, rows }));
      return;
    }
    const title = model ?? `3 layers, 1 head, ${hidden} wide, random weights`;
    console.log(`${title}; episodes of ${steps} steps, one thread, CPU time.`);
    console.log(`${machine}.\n`);
    console.log(formatRows(rows));
    for (const line of besidePeers(rows)) console.log(line);
    console.log(
      `\nMedians of ${options.rounds}. ×: steps per second over those of the first row, with`,
    );
    console.log('95 % bootstrap intervals. others: cores that other processes used.');
  } finally {
    status.clear();
    await rm(work, { recursive: true });
  }
}

/** How many times the steps per second of the peer that keeps the same. */
function besidePeers(rows: readonly EpisodeTimes[]): string[] {
  const cpuOf = ({ times }: EpisodeTimes) => times.map((time) => time.cpu);
  return rows.flatMap((peer) => {
    const ours = rows.find(({ kept, isPeer }) => !isPeer && kept === peer.kept);
    if (!peer.isPeer || ours === undefined) return [];
    const ratio = formatInterval(ratioOfMedians(cpuOf(peer), cpuOf(ours)));
    return [`${ours.name}: ${ratio} × ${peer.name}`];
  });
}

function formatRows(rows: readonly EpisodeTimes[]): string {
  const cpu = rows.map(({ times }) => times.map((time) => time.cpu));
  return textTable(
    ['kept', 'rows per head at the end', 'ms/step', 'steps/s', '×', 'others'],
    rows.map(({ name, times }, i) => [
      name,
      times[0]!.rows === null ? '-' : Math.round(times[0]!.rows).toLocaleString('en'),
      (1000 * median(cpu[i]!)).toFixed(2),
      (1 / median(cpu[i]!)).toFixed(0),
      formatInterval(ratioOfMedians(cpu[0]!, cpu[i]!)),
      median(times.map(({ otherCores }) => otherCores)).toFixed(2),
    ]),
  );
}
