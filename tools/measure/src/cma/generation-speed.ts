import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describeMachine, StatusLine } from '@namm/cli';
import { textTable } from '@namm/report';
import { mean, median } from '@namm/statistics';
import { MeasurementError } from '../measuring/measurement-error.js';

import type { GenerationFigures, GenerationRequest } from './measure-generation.js';

const status = new StatusLine();

export interface GenerationSpeedOptions {
  readonly dimension: number;
  readonly populationSize: number;
  readonly rounds: number;
  readonly seed: number;
  /** A Python that has pycma. */
  readonly python?: string;
}

interface Row {
  readonly name: string;
  readonly model: GenerationRequest['model'];
  readonly peer: boolean;
  /** As of {@link GenerationRequest}. */
  readonly reuse?: boolean;
  /** A first one that is not counted, and two periods between pycma's eigendecompositions (25 at 4,172). */
  readonly generations: number;
  /** What it is compared with: the name of a row. */
  readonly against?: string;
}

const rows: readonly Row[] = [
  { name: 'ours, full', model: 'full', peer: false, generations: 51, against: 'pycma, full' },
  { name: 'ours, sep', model: 'sep', peer: false, generations: 101, against: 'pycma, diagonal' },
  {
    name: 'ours, sep, reuse',
    model: 'sep',
    peer: false,
    reuse: true,
    generations: 101,
    against: 'pycma, diagonal',
  },
  { name: 'ours, iso', model: 'iso', peer: false, generations: 101, against: 'pycma, diagonal' },
  {
    name: 'ours, iso, reuse',
    model: 'iso',
    peer: false,
    reuse: true,
    generations: 101,
    against: 'pycma, diagonal',
  },
  {
    name: 'ours, lm-ma',
    model: 'lm-ma',
    peer: false,
    generations: 101,
    against: 'pycma, diagonal',
  },
  { name: 'pycma, full', model: 'full', peer: true, generations: 51 },
  { name: 'pycma, diagonal', model: 'diagonal', peer: true, generations: 101 },
];

/** Programs that measure one request, from tools/measure/dist. Ours loads nothing but the package. */
const scripts = {
  ours: fileURLToPath(new URL('./measure-cma-generation.js', import.meta.url)),
  peer: fileURLToPath(new URL('../../../recipes/peers/cma_generation.py', import.meta.url)),
};

async function measure(
  program: string,
  script: string,
  request: GenerationRequest,
): Promise<GenerationFigures> {
  try {
    const { stdout } = await promisify(execFile)(program, [script, JSON.stringify(request)]);
    return JSON.parse(stdout);
  } catch (cause) {
    const needs = script === scripts.peer ? '; it needs a Python with cma and numpy' : '';
    throw new MeasurementError(`${program} ${script} could not run${needs}`, { cause });
  }
}

/** Time and memory of a generation, ours and pycma's in turns, each in a process of its own. */
export async function generationSpeed(options: GenerationSpeedOptions): Promise<void> {
  const { dimension, populationSize, seed, python, rounds } = options;
  const machine = describeMachine();
  const used = rows.filter((row) => !row.peer || python);
  if (python) {
    // An unsuitable Python is reported before minutes are spent on ours.
    const least = { dimension: 2, populationSize: 4, generations: 2, seed, reuse: false };
    await measure(python, scripts.peer, { model: 'diagonal', ...least });
  }
  const measured = new Map<string, GenerationFigures[]>(used.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, model, peer, reuse = false, generations } of used) {
      status.show(`round ${round + 1} of ${rounds}: ${name}`);
      const request = { model, dimension, populationSize, generations, seed, reuse };
      const figures = peer
        ? measure(python!, scripts.peer, request)
        : measure(process.execPath, scripts.ours, request);
      measured.get(name)!.push(await figures);
    }
  }
  status.clear();
  const seconds = (name: string) =>
    median(measured.get(name)!.map((figures) => mean(figures.seconds.slice(1))));
  const peak = (name: string) => median(measured.get(name)!.map((figures) => figures.peakBytes));
  const added = (name: string) => median(measured.get(name)!.map((figures) => figures.addedBytes));
  const megabytes = (bytes: number) => (bytes / 1e6).toPrecision(3);
  console.log(`${dimension} dimensions, population ${populationSize}, ${rounds} rounds in turns;`);
  console.log(
    'CPU time of ask and tell, mean over all generations but the first, median over the rounds.',
  );
  console.log(`${machine}.\n`);
  const table = used.map(({ name, against, generations }) => {
    const compared = against !== undefined && python !== undefined;
    return [
      name,
      String(generations),
      (seconds(name) * 1e3).toPrecision(3),
      compared ? (seconds(name) / seconds(against)).toFixed(3) : '-',
      megabytes(peak(name)),
      compared ? (peak(name) / peak(against)).toFixed(2) : '-',
      megabytes(added(name)),
      compared ? (added(name) / added(against)).toFixed(2) : '-',
    ];
  });
  const headings = ['strategy', 'generations', 'ms', '×', 'peak MB', '×', 'added MB', '×'];
  console.log(textTable(headings, table));
  console.log(
    '\n×: over those of pycma (full: full; the others: diagonal). Peak: the whole process.',
  );
  console.log(
    'Added: the peak less what was resident right before, after a small strategy had run.',
  );
}
