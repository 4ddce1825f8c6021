import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { count, describeMachine, listOf, nameFrom, StatusLine, threadCount } from '@namm/cli';
import { textTable } from '@namm/report';
import { median } from '@namm/statistics';
import { MeasurementError } from '../measuring/measurement-error.js';
import { formatInterval, ratioOfMedians } from '../measuring/ratio-of-medians.js';
import { runInProcess } from '../measuring/run-in-process.js';
import {
  measureVideo,
  measureVideoName,
  type VideoContender,
  type VideoMeasured,
  videoContenders,
} from './measure-video.js';
import type { VideoSizes } from './video-config.js';
import { writeVideoModel } from './write-video-model.js';

const status = new StatusLine();

interface Options extends VideoSizes {
  readonly frames: number;
  readonly later: number;
  readonly decodeTokens: number;
  readonly contenders: readonly VideoContender[];
  readonly rounds: number;
  readonly threads: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** Absolute; rows and logits are around 1. */
const tolerance = 5e-3;

/** Adds `video`: vision tower, prompt and decode of a video language model, beside transformers.js. */
export function addVideoCommand(program: Command): void {
  program
    .command('video')
    .description("measure a video language model of SmolVLM2-256M's shape beside transformers.js")
    .option('--layers <count>', 'layers of the decoder', count, 30)
    .option('--vision-layers <count>', 'layers of the vision tower', count, 12)
    .option('--vocabulary <count>', 'tokens that the model knows', count, 49280)
    .option('--frames <count>', 'frames to look at and read', count, 16)
    .option('--later <count>', 'frames in the cache while tokens are written', count, 64)
    .option('--decode-tokens <count>', 'timed decode steps', count, 16)
    .option(
      '--contenders <list>',
      `${videoContenders.join(', ')}`,
      listOf(nameFrom([...videoContenders])),
      [...videoContenders],
    )
    .option('--rounds <count>', 'measurements of each', count, 1)
    .option(
      '--threads <count>',
      'threads that compute; 1: CPU time, more: wall time',
      threadCount,
      1,
    )
    .option('--seed <seed>', 'seed of weights and frames', count, 1)
    .option('--json', 'print one object of JSON')
    .action(video);
  program
    .command(measureVideoName, { hidden: true })
    .argument('<request>')
    .action(async (request: string) => {
      console.log(JSON.stringify(await measureVideo(JSON.parse(request))));
    });
}

interface Sample extends Omit<VideoMeasured, 'rows' | 'logits'> {
  readonly contender: VideoContender;
}

async function video(options: Options): Promise<void> {
  const { layers, visionLayers, vocabulary, contenders, rounds, seed, json, ...sizes } = options;
  const machine = describeMachine();
  const folder = await mkdtemp(join(tmpdir(), 'namm-measure-video-'));
  const samples: Sample[] = [];
  let differences: { readonly rows: number; readonly logits: number } | null = null;
  try {
    status.show('writing the model');
    await writeVideoModel(folder, { layers, visionLayers, vocabulary }, seed);
    for (let round = 0; round < rounds; round++) {
      const found = new Map<VideoContender, VideoMeasured>();
      for (const [turn] of contenders.entries()) {
        const contender = contenders[(turn + round) % contenders.length]!;
        const what = `round ${round + 1} of ${rounds}: ${contender}`;
        status.show(what);
        const request = { contender, folder, seed, ...sizes };
        const measured = await runInProcess<VideoMeasured>(measureVideoName, request, what);
        found.set(contender, measured);
        const { rows: _, logits: __, ...figures } = measured;
        samples.push({ contender, ...figures });
      }
      const [ours, peer] = [found.get('ours'), found.get('transformers.js')];
      if (ours && peer) differences = agreement(ours, peer);
    }
  } finally {
    status.clear();
    await rm(folder, { recursive: true, force: true });
  }
  const rows = figures(contenders, samples);
  if (json) {
    const settings = { layers, visionLayers, vocabulary, rounds, seed, ...sizes };
    console.log(JSON.stringify({ machine, settings, differences, samples, rows }));
    return;
  }
  const { frames, later, threads } = sizes;
  console.log(
    `SmolVLM2-256M shape with ${visionLayers} of 12 and ${layers} of 30 layers, random weights, float32; ${threads === 1 ? '1 thread, CPU time' : `${threads} threads, wall time`}.`,
  );
  console.log(`${machine}.`);
  if (differences) {
    const [far, off] = [differences.rows, differences.logits].map((each) => each.toExponential(1));
    console.log(`Rows of a frame differ by ${far}, logits of the prompt by ${off}.`);
  }
  const looking = [`vision of ${frames} frames, s`, 'prompt, s', 'both, s'];
  const head = ['', ...looking, `decode after ${later}, ms`, 'peak MB', 'others'];
  console.log(`\n${textTable(head, rows)}`);
  console.log(
    "\n×: transformers.js' time over ours, and our peak over its. others: cores that other processes used.",
  );
}

function agreement(ours: VideoMeasured, peer: VideoMeasured) {
  const furthest = (one: readonly number[], other: readonly number[]) =>
    one.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i]!)), 0);
  const found = {
    rows: furthest(ours.rows, peer.rows),
    logits: furthest(ours.logits, peer.logits),
  };
  if (found.rows < tolerance && found.logits < tolerance) return found;
  const problem = `rows differ by ${found.rows}, logits by ${found.logits}`;
  throw new MeasurementError(`Ours and transformers.js do not compute the same: ${problem}.`);
}

function figures(contenders: readonly VideoContender[], samples: readonly Sample[]): string[][] {
  const of = (contender: VideoContender, figure: (sample: Sample) => number) =>
    samples.filter((sample) => sample.contender === contender).map(figure);
  const times: readonly [figure: (sample: Sample) => number, digits: number][] = [
    [({ vision }) => vision, 2],
    [({ prompt }) => prompt, 2],
    [({ vision, prompt }) => vision + prompt, 2],
    [({ decode }) => 1000 * decode, 1],
  ];
  const peak = (sample: Sample) => sample.peakMegabytes;
  const plain = contenders.map((contender) => [
    contender,
    ...times.map(([figure, digits]) => median(of(contender, figure)).toFixed(digits)),
    median(of(contender, peak)).toFixed(0),
    median(of(contender, ({ otherCores }) => otherCores)).toFixed(1),
  ]);
  if (!contenders.includes('transformers.js')) return plain;
  const own = contenders.filter((contender) => contender !== 'transformers.js');
  const ratios = own.map((contender) => [
    `× ${contender}`,
    ...times.map(([figure]) =>
      formatInterval(ratioOfMedians(of('transformers.js', figure), of(contender, figure))),
    ),
    formatInterval(ratioOfMedians(of(contender, peak), of('transformers.js', peak))),
    '',
  ]);
  return [...plain, ...ratios];
}
