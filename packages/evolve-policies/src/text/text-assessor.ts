import {
  type PreparedSample,
  type SampleScore,
  type ScoreItem,
  scoreSamples,
} from '@namm/benchmarks';
import { InvalidArgumentError } from '@namm/core';
import { Decoder } from '@namm/decoder';
import type { Assessor, Entrant, NamedTensors, Slice } from '@namm/evolve';
import type { NormaliserScope } from '@namm/features';
import { type EvictionPolicy, full, type KVCache, keptShare } from '@namm/kv-cache';
import { mean } from '@namm/statistics';
import { createCollector } from '../trainables/create-collector.js';
import { createTrainable } from '../trainables/create-trainable.js';
import { normaliserOf, tensorsOf } from '../trainables/normaliser-tensors.js';
import type { Trainable } from '../trainables/trainable.js';
import { type TrainableSettings, updateIntervalOf } from '../trainables/trainable-settings.js';
import type { TextAssessorSettings } from './model-settings.js';
import { fullCache, referencePolicy } from './reference-policy.js';
import { Rehearsal } from './rehearsal.js';
import type { Reading } from './text-evolution-settings.js';
import type { TextScore } from './text-score.js';

/** What is measured before the first generation: the features of prompts under the full cache. */
export interface MeasureRequest {
  readonly prompts: readonly PreparedSample[];
  readonly scope: NormaliserScope;
}

/** A prompt, and how it is read. */
export interface TextUnit extends PreparedSample {
  /** See {@link TextEvolutionSettings.reading}. @defaultValue 'own' */
  readonly reading?: Reading;
}

/** Scores eviction policies on prompts, under a model of its own. */
export class TextAssessor implements Assessor<TextUnit, TextScore, MeasureRequest> {
  /** Digest of the model's folder. */
  readonly version: string;
  readonly #decoder: Decoder;
  readonly #trainable: TrainableSettings;

  private constructor(decoder: Decoder, trainable: TrainableSettings) {
    this.version = decoder.cacheShape.model;
    this.#decoder = decoder;
    this.#trainable = trainable;
  }

  /** @throws whatever `Decoder.load` throws */
  static async load({ model, trainable }: TextAssessorSettings): Promise<TextAssessor> {
    const decoder = await Decoder.load(model.folder, {
      probe: createCollector(trainable).policy.probe,
      chunkSize: updateIntervalOf(trainable),
      threads: 1, // more would compete with the other evaluators, and sum in another order
      passes: 'whole', // the same bits however prompts are divided among evaluators; by layers, reading takes a seventh more
      ...(model.ropeScaling && { ropeScaling: model.ropeScaling }),
    });
    return new TextAssessor(decoder, trainable);
  }

  /** The normaliser of a trainable's features. */
  async prepare({ prompts, scope }: MeasureRequest): Promise<NamedTensors> {
    const collector = createCollector(this.#trainable);
    for (const prompt of prompts) {
      await scoreSamples(this.#decoder, [{ prepared: prompt, policy: collector.policy }]);
    }
    return tensorsOf(collector.normaliser(scope));
  }

  async assess(slice: Slice<TextUnit>): Promise<TextScore[][]> {
    const { prepared, units, contenders } = slice;
    const trainable = createTrainable(this.#trainable, normaliserOf(prepared));
    const made = contenders.map((contender) => policyOf(trainable, contender));
    const rows = new Map<TextUnit, TextScore[]>();
    for (const prompt of units.filter(({ reading }) => reading === 'shared')) {
      rows.set(prompt, await this.#rehearse(trainable, made, prompt));
    }
    const alone = units.filter((prompt) => !rows.has(prompt));
    const scores = await this.#readAlone(trainable, made, alone);
    for (const [i, prompt] of alone.entries()) rows.set(prompt, scores[i]!);
    return units.map((prompt) => rows.get(prompt)!);
  }

  async close(): Promise<void> {
    await this.#decoder.release();
  }

  /** Each contender reads each prompt by itself, evicting as it goes. */
  async #readAlone(
    trainable: Trainable,
    made: readonly Made[],
    units: readonly PreparedSample[],
  ): Promise<TextScore[][]> {
    const items: ScoreItem[] = [];
    for (const prompt of units) {
      const start = await this.#read(trainable, prompt);
      for (const { policy, isShared } of made) {
        items.push(
          isShared
            ? { prepared: prompt, cache: await start.copyUnder(policy) }
            : { prepared: prompt, policy },
        );
      }
      await start.release();
    }
    const scores = (await scoreSamples(this.#decoder, items)).map(summarise);
    return units.map((_, i) => scores.slice(i * made.length, (i + 1) * made.length));
  }

  /** The prompt is read once, and each contender answers with what it would have kept. */
  async #rehearse(
    trainable: Trainable,
    made: readonly Made[],
    prepared: PreparedSample,
  ): Promise<TextScore[]> {
    const policies = made.map(({ policy }) => policy);
    const rehearsal = new Rehearsal(trainable.reader(), policies);
    const whole = this.#decoder.createCache({ policy: rehearsal.policy });
    try {
      const input = { ids: prepared.context };
      await this.#decoder.step([{ cache: whole, input, outputs: 'none' }]);
      const items = rehearsal.cachesOf(whole).map((cache) => ({ prepared, cache }));
      const scores = (await scoreSamples(this.#decoder, items)).map(summarise);
      const shares = rehearsal.keptShares;
      return scores.map((score, i) => ({ ...score, keptShare: shares[i] ?? score.keptShare }));
    } finally {
      await whole.release();
    }
  }

  /** A cache that has read what comes before the first choice of any candidate: computed once for all of them. */
  async #read(trainable: Trainable, { context }: PreparedSample): Promise<KVCache> {
    const cache = this.#decoder.createCache({ policy: trainable.reader() });
    const ids = context.subarray(0, updateIntervalOf(this.#trainable));
    await this.#decoder.step([{ cache, input: { ids }, outputs: 'none' }]);
    return cache;
  }
}

interface Made {
  readonly policy: EvictionPolicy;
  readonly isShared: boolean;
}

/** The policy of a contender, and whether it reads the first tokens as all candidates do. */
function policyOf(trainable: Trainable, contender: Entrant): Made {
  if (typeof contender !== 'string') {
    return { policy: trainable.policy(contender), isShared: true };
  }
  if (contender === fullCache) return { policy: full(), isShared: true };
  const policy = referencePolicy(contender);
  if (policy !== null) return { policy, isShared: false };
  throw new InvalidArgumentError('contenders', `'${contender}' is not a baseline of text problems`);
}

function summarise({ questions, logProbabilities, memory }: SampleScore): TextScore {
  const { bytes } = memory.atAnswer;
  return {
    score: mean(questions),
    logProbability: mean(logProbabilities),
    probability: mean(logProbabilities.map(Math.exp)),
    keptShare: memory.average.keptShare,
    keptAtAnswer: keptShare(memory.atAnswer),
    bytesAtAnswer: bytes.used,
    policyBytesAtAnswer: bytes.policy,
  };
}
