import { Decoder, greedy, type WeightDtype } from '@namm/decoder';
import { h2o } from '@namm/kv-cache';
import { peakMegabytes } from '../measuring/peak-megabytes.js';
import { privateMegabytes } from '../measuring/private-megabytes.js';
import { randomPrompt } from '../measuring/random-prompt.js';
import { startStopwatch } from '../measuring/stopwatch.js';

/** What one process measures. */
export interface LargeRequest {
  readonly model: string;
  readonly dtype: WeightDtype;
  /** Folder of prepared weights; null for none. */
  readonly preparedWeights: string | null;
  readonly vocabulary: number;
  /** Tokens of the prompt; 0 loads the model only. */
  readonly length: number;
  readonly decodeTokens: number;
  /** Tokens that H2O holds per head. */
  readonly budget: number;
  readonly threads: number;
  readonly seed: number;
}

/** What a part of it took. */
export interface LargePart {
  readonly part: 'load' | 'prefill' | 'decode';
  readonly cpu: number;
  readonly wall: number;
  /** Largest resident memory of the process until then, MB. */
  readonly peakMegabytes: number;
  /** Resident memory at its end, MB. */
  readonly residentMegabytes: number;
  /** Of it what belongs to the process alone; null where only Linux tells. */
  readonly privateMegabytes: number | null;
}

/** Loads a model, reads a prompt and writes under H2O, in this process. */
export async function measureLarge(request: LargeRequest): Promise<LargePart[]> {
  const { model, dtype, preparedWeights, vocabulary, length, decodeTokens, budget } = request;
  const parts: LargePart[] = [];
  const timed = async <Result>(part: LargePart['part'], run: () => Promise<Result>) => {
    const stopwatch = startStopwatch();
    const result = await run();
    const { cpu, wall } = stopwatch();
    parts.push({
      ...{ part, cpu, wall },
      peakMegabytes: peakMegabytes(),
      residentMegabytes: process.memoryUsage.rss() / 2 ** 20,
      privateMegabytes: privateMegabytes(),
    });
    return result;
  };
  const policy = h2o({ budget });
  const { threads, seed } = request;
  const options = { dtype, threads, preparedWeights, probe: policy.probe };
  const decoder = await timed('load', () => Decoder.load(model, options));
  if (length === 0) return parts;
  const cache = decoder.createCache({ policy });
  const tokens = greedy(decoder, cache, randomPrompt(length, vocabulary, seed));
  await timed('prefill', () => tokens.next());
  await timed('decode', async () => {
    for (let i = 0; i < decodeTokens; i++) await tokens.next();
  });
  await decoder.release();
  return parts;
}
