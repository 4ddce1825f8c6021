import { type PreparedSample, scoreSamples } from '@namm/benchmarks';
import { InvalidArgumentError } from '@namm/core';
import { Decoder } from '@namm/decoder';
import type { Assessor, Entrant, Slice } from '@namm/evolve';
import { type EvictionPolicy, full, type KVCache, keptShare, taughtPolicy } from '@namm/kv-cache';
import { mean } from '@namm/statistics';
import { openTaught, type TaughtCheckpoint } from '@namm/teach';
import { fullCache } from '../text/reference-policy.js';
import { shiftHeads } from './shift-heads.js';
import type { TaughtScore } from './taught-score.js';
import type { TaughtAssessorSettings } from './taught-settings.js';

/** A text and what is asked about it. */
export interface TaughtUnit {
  /** Of one context, each with one question. */
  readonly questions: readonly PreparedSample[];
  /**
   * Whether each contender reads the text by itself, evicting as it goes, as the policy does; or all choose from one
   * reading of it that has forgotten nothing, which costs a population as much as one of them.
   */
  readonly readsAlone: boolean;
}

/** Scores taught scorers with other biases on questions about text, under a model of its own. */
export class TaughtAssessor implements Assessor<TaughtUnit, TaughtScore> {
  /** Digest of the model's folder and of the scorer. */
  readonly version: string;
  readonly #decoder: Decoder;
  readonly #checkpoint: TaughtCheckpoint;
  readonly #settings: TaughtAssessorSettings;

  private constructor(
    decoder: Decoder,
    checkpoint: TaughtCheckpoint,
    settings: TaughtAssessorSettings,
  ) {
    this.version = `${decoder.cacheShape.model} ${checkpoint.map.digest}`;
    this.#decoder = decoder;
    this.#checkpoint = checkpoint;
    this.#settings = settings;
  }

  /** @throws whatever `Decoder.load` and {@link openTaught} throw; {@link InvalidArgumentError} for a scorer of another model */
  static async load(settings: TaughtAssessorSettings): Promise<TaughtAssessor> {
    const checkpoint = await openTaught(settings.taught);
    const { folder, ropeScaling } = settings.model;
    const decoder = await Decoder.load(folder, {
      ...{ chunkSize: 256, threads: 1 }, // more would compete with the other evaluators, and sum in another order
      ...(ropeScaling && { ropeScaling }),
    });
    const assessor = new TaughtAssessor(decoder, checkpoint, settings);
    try {
      assessor.#policyOf(new Float64Array(0)).start(decoder.cacheShape);
    } catch (error) {
      await decoder.release();
      throw error;
    }
    return assessor;
  }

  async assess({ units, contenders }: Slice<TaughtUnit>): Promise<TaughtScore[][]> {
    const rows: TaughtScore[][] = [];
    for (const { questions, readsAlone } of units) {
      const { context } = questions[0]!;
      const whole = await this.#read(full(), context);
      try {
        const row: TaughtScore[] = [];
        for (const contender of contenders) {
          const cache = readsAlone
            ? await this.#alone(contender, whole, context)
            : await this.#choose(contender, whole);
          try {
            row.push(await this.#ask(cache, questions));
          } finally {
            await cache.release();
          }
        }
        rows.push(row);
      } finally {
        await whole.release();
      }
    }
    return rows;
  }

  async close(): Promise<void> {
    await this.#decoder.release();
  }

  #policyOf(parameters: Float64Array): EvictionPolicy {
    const { budget, recent } = this.#settings;
    const map =
      parameters.length === 0 ? this.#checkpoint.map : shiftHeads(this.#checkpoint, parameters);
    return taughtPolicy(map, { budget, ...(recent !== undefined && { recent }) });
  }

  async #alone(contender: Entrant, whole: KVCache, context: Int32Array): Promise<KVCache> {
    if (typeof contender === 'string') return named(contender, whole);
    return this.#read(this.#policyOf(contender), context);
  }

  /** What the policy would keep if it had to choose at the end of the text. */
  async #choose(contender: Entrant, whole: KVCache): Promise<KVCache> {
    if (typeof contender === 'string') return named(contender, whole);
    const chosen = await this.#policyOf(contender).start(whole.shape).select(whole);
    const cache = whole.fork();
    cache.keep(chosen);
    return cache;
  }

  async #read(policy: EvictionPolicy, ids: Int32Array): Promise<KVCache> {
    const cache = this.#decoder.createCache({ policy });
    try {
      await this.#decoder.step([{ cache, input: { ids }, outputs: 'none' }]);
      return cache;
    } catch (error) {
      await cache.release();
      throw error;
    }
  }

  async #ask(cache: KVCache, questions: readonly PreparedSample[]): Promise<TaughtScore> {
    const items = questions.map((prepared) => ({ prepared, cache: cache.fork() }));
    const answers = await scoreSamples(this.#decoder, items);
    const logProbabilities = answers.flatMap((answer) => answer.logProbabilities);
    return {
      score: mean(answers.flatMap((answer) => answer.questions)),
      logProbability: mean(logProbabilities),
      probability: mean(logProbabilities.map(Math.exp)),
      keptShare: keptShare(cache.memory()),
    };
  }
}

function named(contender: string, whole: KVCache): KVCache {
  if (contender === fullCache) return whole.fork();
  throw new InvalidArgumentError(
    'contenders',
    `'${contender}' is not a baseline of taught scorers`,
  );
}
