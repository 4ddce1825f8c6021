import type { Command } from '@commander-js/extra-typings';
import {
  count,
  describeMachine,
  fromZero,
  listOf,
  listOrNone,
  nameFrom,
  StatusLine,
  threadCount,
} from '@namm/cli';
import { videoModelFolder } from '@namm/models';
import { textTable } from '@namm/report';
import { type Trend, trend } from '../endless/summarise.js';
import { measureAnswers, type PartScore, parts } from './measure-answers.js';
import { measureStream, type StreamBlock, type WatchSetting } from './measure-stream.js';
import { watchedPolicies } from './watched-policy.js';

const status = new StatusLine();

interface Options extends Omit<WatchSetting, 'folder'> {
  readonly frames: number;
  readonly block: number;
  readonly policies: string[];
  readonly lengths: number[];
  readonly clips: number[];
  readonly json?: boolean;
}

/** Adds `watch`: memory and time per frame of a video without end, and answers about what happened in it. */
export function addWatchCommand(program: Command): void {
  program
    .command('watch')
    .description('watch synthetic clips without end through a bounded cache, with nano-video')
    .option(
      '--frames <count>',
      'frames of the clip for time and memory; 0 for none',
      fromZero,
      10_000,
    )
    .option('--block <count>', 'frames per row of that table', count, 1000)
    .option(
      '--policies <list>',
      watchedPolicies.join(', '),
      listOrNone(nameFrom([...watchedPolicies])),
      ['namm', 'keydiff', 'sink-recent'],
    )
    .option(
      '--lengths <list>',
      'frames of the clips that are asked about',
      listOf(count),
      [48, 480, 4800],
    )
    .option('--clips <list>', 'number of clips of each length', listOf(count), [90, 30, 12])
    .option('--budget <rows>', 'rows per head', count, 40)
    .option(
      '--reuse-below <difference>',
      'frames that differ less from the one before reuse its features',
      Number,
      0,
    )
    .option('--rope-factor <factor>', 'factor by which to extend positions', Number, 5)
    .option('--threads <count>', 'threads that compute', threadCount, 1)
    .option('--seed <seed>', 'seed of the clips', count, 1)
    .option('--json', 'print one object of JSON')
    .action(watch);
}

async function watch(options: Options): Promise<void> {
  const { frames, block, policies, lengths, clips, json } = options;
  const { budget, ropeFactor, reuseBelow, seed, threads } = options;
  const setting = {
    folder: videoModelFolder('nano-video'),
    budget,
    ropeFactor,
    reuseBelow,
    seed,
    threads,
  };
  const machine = describeMachine();
  const [first = 'sink-recent'] = policies;
  const onBlock = ({ frames: done }: StreamBlock) => status.show(`${first}: ${done} of ${frames}`);
  const blocks = frames > 0 ? await measureStream(setting, first, frames, block, onBlock) : [];
  const answers: PartScore[] = [];
  for (const [i, length] of lengths.entries()) {
    for (const policy of ['full', ...policies]) {
      const number = clips[i] ?? clips.at(-1)!;
      const onClip = (done: number) =>
        status.show(`${length} frames, ${policy}: ${done} of ${number}`);
      answers.push(...((await measureAnswers(setting, policy, length, number, onClip)) ?? []));
    }
  }
  status.clear();
  const settled = settledStream(blocks);
  if (json) {
    console.log(JSON.stringify({ machine, ...setting, policy: first, blocks, settled, answers }));
    return;
  }
  console.log(
    `nano-video, ${budget} rows per head, compact positions, ${threads} threads. ${machine}.\n`,
  );
  if (blocks.length > 0) console.log(`${first}:\n${formatBlocks(blocks)}\n`);
  if (settled)
    console.log(
      `Behind the first block: ${formatTrend('time', settled.time)}; ${formatTrend('against a young viewing', settled.age)}; ${formatTrend('memory', settled.memory)}.\n`,
    );
  console.log(formatAnswers(answers));
}

/** How time and memory go on behind the first block; null with fewer than two blocks behind it. */
function settledStream(
  blocks: readonly StreamBlock[],
): { readonly time: Trend; readonly age: Trend; readonly memory: Trend } | null {
  const settled = blocks.slice(1);
  if (settled.length < 2) return null;
  const places = settled.map(({ frames }) => frames);
  const of = (figure: (block: StreamBlock) => number) => trend(places, settled.map(figure));
  return {
    time: of(({ cpu }) => cpu),
    age: of(({ cpu, young }) => cpu / young),
    memory: of(({ residentMegabytes }) => residentMegabytes),
  };
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

const formatTrend = (name: string, { slope, range }: Trend) =>
  `${name} ${percent(slope)} by its slope over the run and ${percent(range)} from smallest to largest`;

function formatBlocks(blocks: readonly StreamBlock[]): string {
  const rows = blocks.map(({ frames, cpu, mean, young, residentMegabytes, rows: held }) => [
    frames.toLocaleString('en'),
    ...[cpu, mean, young].map((seconds) => (1000 * seconds).toFixed(2)),
    (cpu / young).toFixed(3),
    residentMegabytes.toFixed(1),
    String(held),
  ]);
  const time = ['CPU ms per frame', 'mean', 'young viewing', 'against it'];
  return textTable(['frames', ...time, 'resident MB', 'rows per head'], rows);
}

/** A line per length and policy: right answers by the part of the clip in which the bright frame came. */
function formatAnswers(answers: readonly PartScore[]): string {
  const keys = [...new Set(answers.map(({ frames, policy }) => `${frames} ${policy}`))];
  const rows = keys.map((key) => {
    const own = answers.filter(({ frames, policy }) => `${frames} ${policy}` === key);
    const cells = parts.map((part) => {
      const { right, asked } = own.find((each) => each.part === part)!;
      return `${right} of ${asked}`;
    });
    const reused = own.reduce((sum, each) => sum + each.reused, 0);
    return [own[0]!.frames.toLocaleString('en'), own[0]!.policy, ...cells, String(reused)];
  });
  return textTable(['frames', 'policy', ...parts, 'frames reused'], rows);
}
