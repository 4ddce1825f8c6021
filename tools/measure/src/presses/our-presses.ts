import { ModelPerProbe } from '@namm/benchmarks';
import { Decoder } from '@namm/decoder';
import { type EvictionPolicy, full, keyDiff, snapKV } from '@namm/kv-cache';
import { KVzip } from '@namm/teach';
import { startStopwatch } from '../measuring/stopwatch.js';

/** What decides which rows of a prompt stay. */
export const pressNames = ['snapkv', 'keydiff', 'kvzip'] as const;

/** One of {@link pressNames}. */
export type PressName = (typeof pressNames)[number];

/** A prompt that is read, cut to a share of its rows, and answered. */
export interface PressRequest {
  /** Null: everything stays. */
  readonly press: PressName | null;
  readonly share: number;
  readonly context: readonly number[];
  readonly question: readonly number[];
  /** Tokens of the answer. */
  readonly count: number;
}

/** What it took, seconds of CPU, and the answer. */
export interface PressFigures {
  /** Reading, with the choice of rows. */
  readonly read: number;
  readonly answer: number;
  readonly tokens: readonly number[];
}

/** Tokens that ask KVzip's model to repeat; any will do for the time. */
const repeat = [1, 2, 3, 4, 5, 6, 7, 8];

/** Our side: the same choices, once behind the whole prompt, as kvpress makes them. */
export class OurPresses {
  readonly #models: ModelPerProbe<Decoder>;

  constructor(folder: string) {
    this.#models = new ModelPerProbe((probe) => Decoder.load(folder, { threads: 1, probe }));
  }

  /** Loads what a press needs, so that it is not measured. */
  async prepare(press: PressName | null): Promise<void> {
    await this.#models.of(policyOf(press, 1).probe);
    if (press === 'kvzip') await this.#models.of({ kind: 'columnMaxima' });
  }

  async measure({ press, share, context, question, count }: PressRequest): Promise<PressFigures> {
    const policy = policyOf(press, share);
    const decoder = await this.#models.of(policy.probe);
    const whole = startStopwatch();
    const cache = decoder.createCache({
      policy,
      ...(press === null ? {} : { decideAfter: 'prompt' }),
    });
    await decoder.step([{ cache, input: { ids: context }, outputs: 'none' }]);
    if (press === 'kvzip') {
      const repeating = await this.#models.of({ kind: 'columnMaxima' });
      const kvzip = new KVzip(repeating, { prompt: repeat });
      await kvzip.compress(cache, context, { budget: `${100 * share}%` });
    }
    const read = whole().cpu;
    const tokens: number[] = [];
    for (let ids = question; tokens.length < count; ids = tokens.slice(-1)) {
      const [result] = await decoder.step([{ cache, input: { ids } }]);
      const { logits } = result!;
      tokens.push(logits.reduce((best, value, i) => (value > logits[best]! ? i : best), 0));
    }
    const answer = whole().cpu - read;
    await cache.release();
    return { read, answer, tokens };
  }

  release(): Promise<void> {
    return this.#models.release();
  }
}

/** KVzip reads under the full cache and cuts afterwards. */
function policyOf(press: PressName | null, share: number): EvictionPolicy {
  const options = { budget: `${100 * share}%` };
  if (press === 'snapkv') return snapKV(options);
  if (press === 'keydiff') return keyDiff(options);
  return full();
}
