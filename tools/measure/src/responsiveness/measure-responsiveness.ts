import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Decoder, DecoderWorker } from '@namm/decoder';
import { randomPrompt } from '../measuring/random-prompt.js';
import { startStopwatch } from '../measuring/stopwatch.js';

/** Where the model computes; `nowhere` shows what the machine does to an idle event loop. */
export const places = ['nowhere', 'this thread', 'a worker'] as const;
export type Place = (typeof places)[number];

export interface ResponsivenessRequest {
  readonly place: Place;
  /** Model folder. */
  readonly folder: string;
  /** Tokens of the prompt. */
  readonly length: number;
  readonly threads: number;
  readonly vocabulary: number;
  readonly seed: number;
}

/** How late the event loop of the caller was while a prompt was read. */
export interface Responsiveness {
  /** Milliseconds between two ticks of a timer of {@link resolution}. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Ticks counted. */
  readonly ticks: number;
  /** Seconds that reading the prompt took. */
  readonly seconds: number;
  readonly otherCores: number;
}

/** Milliseconds between two ticks when nothing is in their way. */
export const resolution = 1;

/** Milliseconds that an idle event loop is watched. */
const idle = 2000;

/** Tokens that are read before, so that code is compiled and weights are in memory. */
const warmUpTokens = 16;

/** Reads a prompt and watches the event loop of this thread meanwhile. */
export async function measureResponsiveness(
  request: ResponsivenessRequest,
): Promise<Responsiveness> {
  const { length, vocabulary, seed } = request;
  const prompt = randomPrompt(length, vocabulary, seed);
  const { read, release } = await loadReader(request);
  await read(prompt.slice(0, warmUpTokens));
  const histogram = monitorEventLoopDelay({ resolution });
  const elapsed = startStopwatch();
  histogram.enable();
  await read(prompt);
  // The delay counts once a tick comes through, which is after the work that was in its way.
  await sleep(10 * resolution);
  histogram.disable();
  const { wall, others } = elapsed();
  await release();
  return {
    p50: histogram.percentile(50) / 1e6,
    p99: histogram.percentile(99) / 1e6,
    max: histogram.max / 1e6,
    ticks: histogram.count,
    seconds: wall,
    otherCores: others / wall,
  };
}

interface Reader {
  read(ids: readonly number[]): Promise<unknown>;
  release(): Promise<void>;
}

async function loadReader({ place, folder, threads }: ResponsivenessRequest): Promise<Reader> {
  switch (place) {
    case 'nowhere':
      return { read: () => sleep(idle), release: async () => {} };
    case 'this thread': {
      const decoder = await Decoder.load(folder, { threads });
      return {
        read: (ids) => decoder.step([{ cache: decoder.createCache(), input: { ids } }]),
        release: () => decoder.release(),
      };
    }
    case 'a worker': {
      const worker = await DecoderWorker.load(folder, { threads });
      return {
        read: async (ids) => worker.step([{ cache: await worker.createCache(), input: { ids } }]),
        release: () => worker.release(),
      };
    }
  }
}
