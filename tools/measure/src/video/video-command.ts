import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { count, describeMachine, StatusLine, threadCount } from '@namm/cli';
import { textTable } from '@namm/report';
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
    .option('--frames <count>', 'frames that are looked at and read', count, 16)
    .option('--later <count>', 'frames in the cache while tokens are written', count, 64)
    .option('--decode-tokens <count>', 'timed decode steps', count, 8)
    .option('--rounds <count>', 'measurements of each', count, 1)
    .option('--threads <count>', 'threads that compute; time is CPU time', threadCount, 1)
    .option('--seed <seed>', 'of weights and frames', count, 1)
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
  const { layers, visionLayers, vocabulary, rounds, seed, json, ...sizes } = options;
  const machine = describeMachine();
  const folder = await mkdtemp(join(tmpdir(), 'namm-measure-video-'));
  const samples: Sample[] = [];
  let differences = { rows: 0, logits: 0 };
  try {
    status.show('writing the model');
    await writeVideoModel(folder, { layers, visionLayers, vocabulary }, seed);
    for (let round = 0; round < rounds; round++) {
      const found = new Map<VideoContender, VideoMeasured>();
      for (const [turn] of videoContenders.entries()) {
        const contender = videoContenders[(turn + round) % videoContenders.length]!;
        const what = `round ${round + 1} of ${rounds}: ${contender}`;
        status.show(what);
        const request = { contender, folder, seed, ...sizes };
        const measured = await runInProcess<VideoMeasured>(measureVideoName, request, what);
        found.set(contender, measured);
        const { rows: _, logits: __, ...figures } = measured;
        samples.push({ contender, ...figures });
      }
      differences = agreement(found.get('ours')!, found.get('transformers.js')!);
    }
  } finally {
    status.clear();
    await rm(folder, { recursive: true, force: true });
  }
  const rows = figures(samples);
  if (json) {
    const settings = { layers, visionLayers, vocabulary, rounds, seed, ...sizes };
    console.log(JSON.stringify({ machine, settings, differences, samples, rows }));
    return;
  }
  const { frames, later, threads } = sizes;
  console.log(
    `SmolVLM2-256M shape with ${visionLayers} of 12 and ${layers} of 30 layers, random weights, float32; ${threads} threads, CPU time.`,
  );
  console.log(`${machine}.`);
  console.log(
    `Rows of a frame differ by ${differences.rows.toExponential(1)}, logits of the prompt by ${differences.logits.toExponential(1)}.\n`,
  );
  const head = ['', `vision of ${frames} frames, s`, 'prompt, s', `decode after ${later}, ms`];
  console.log(textTable([...head, 'peak MB'], rows));
  console.log("\n×: transformers.js' time over ours, and our peak over its.");
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

function figures(samples: readonly Sample[]): string[][] {
  const of = (contender: VideoContender, figure: (sample: Sample) => number) =>
    samples.filter((sample) => sample.contender === contender).map(figure);
  const columns: readonly [figure: (sample: Sample) => number, digits: number][] = [
    [({ vision }) => vision, 2],
    [({ prompt }) => prompt, 2],
    [({ decode }) => 1000 * decode, 1],
    [({ peakMegabytes }) => peakMegabytes, 0],
  ];
  const middle = (values: readonly number[]) =>
    values.toSorted((a, b) => a - b)[values.length >> 1]!;
  const plain = videoContenders.map((contender) => [
    contender,
    ...columns.map(([figure, digits]) => middle(of(contender, figure)).toFixed(digits)),
  ]);
  const ratios = videoContenders.slice(0, 2).map((contender) => [
    `× ${contender}`,
    ...columns.map(([figure], i) => {
      const [own, peer] = [of(contender, figure), of('transformers.js', figure)];
      return formatInterval(i === 3 ? ratioOfMedians(own, peer) : ratioOfMedians(peer, own));
    }),
  ]);
  return [...plain, ...ratios];
}
