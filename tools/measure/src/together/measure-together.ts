import { Decoder, type WeightDtype } from '@namm/decoder';
import type { KVCache } from '@namm/kv-cache';
import { copyCache } from '../measuring/copy-cache.js';
import { randomPrompt } from '../measuring/random-prompt.js';
import { startStopwatch } from '../measuring/stopwatch.js';
import type { Clock } from '../speed/summarise.js';

export interface TogetherRequest {
  readonly model: string;
  readonly dtype: WeightDtype;
  readonly sequences: number;
  /** Tokens that each has read before. */
  readonly length: number;
  /** Rounds; in each every sequence gets a token with the others, and one by itself. */
  readonly steps: number;
  /** Rounds before them, not timed. */
  readonly warmUp: number;
  readonly threads: number;
  readonly vocabulary: number;
  readonly seed: number;
}

/** Milliseconds for one token of each sequence, per round. */
export interface TogetherTimes {
  readonly together: readonly number[];
  readonly apart: readonly number[];
}

/** Decodes sequences in one step, and each in a step of its own, in turns. */
export async function measureTogether(request: TogetherRequest): Promise<TogetherTimes> {
  const { model, dtype, sequences, length, steps, warmUp, threads, vocabulary, seed } = request;
  const clock: Clock = threads === 1 ? 'cpu' : 'wall';
  const decoder = await Decoder.load(model, { dtype, threads });
  const prompt = decoder.createCache();
  const ids = randomPrompt(length, vocabulary, seed);
  await decoder.step([{ cache: prompt, input: { ids }, outputs: 'none' }]);
  const caches: KVCache[] = [];
  for (let i = 0; i < sequences; i++) caches.push(await copyCache(prompt, decoder));
  prompt.release();
  const tokens = randomPrompt(2 * (steps + warmUp) * sequences, vocabulary, seed + 1);
  const items = () => caches.map((cache) => ({ cache, input: { ids: [tokens.pop()!] } }));
  const timed = async (run: () => Promise<unknown>) => {
    const elapsed = startStopwatch();
    await run();
    return 1000 * elapsed()[clock];
  };
  const times: { together: number[]; apart: number[] } = { together: [], apart: [] };
  for (let i = 0; i < warmUp + steps; i++) {
    const together = await timed(() => decoder.step(items()));
    const apart = await timed(async () => {
      for (const item of items()) await decoder.step([item]);
    });
    if (i < warmUp) continue;
    times.together.push(together);
    times.apart.push(apart);
  }
  for (const cache of caches) cache.release();
  await decoder.release();
  return times;
}
