import { type PreparedSample, type SampleScore, scoreSamples } from '@namm/benchmarks';
import { Decoder } from '@namm/decoder';
import type { Normaliser } from '@namm/features';
import { type EvictionPolicy, full, type KVCache } from '@namm/kv-cache';
import { mean } from '@namm/statistics';
import { createCollector, type NormaliserKind } from '../trainables/create-collector.js';
import { createTrainable } from '../trainables/create-trainable.js';
import type { Trainable } from '../trainables/trainable.js';
import type { TrainableSettings } from '../trainables/trainable-settings.js';
import type { Evaluator, FailedScore, MemberScore, Slice, SliceScores } from './evaluator.js';
import { type EvaluatorSettings, ropeScalingOf } from './evaluator-settings.js';

/** Evaluates in this thread, one slice after the other. */
export class InProcessEvaluator implements Evaluator {
  readonly concurrency = 1;
  readonly model: string;
  readonly #decoder: Decoder;
  readonly #trainable: TrainableSettings;

  private constructor(decoder: Decoder, trainable: TrainableSettings) {
    this.model = decoder.cacheShape.model;
    this.#decoder = decoder;
    this.#trainable = trainable;
  }

  /** @throws whatever `Decoder.load` throws */
  static async load({ model, trainable }: EvaluatorSettings): Promise<InProcessEvaluator> {
    const decoder = await Decoder.load(model.folder, {
      probe: createCollector(trainable).policy.probe,
      chunkSize: updateIntervalOf(trainable),
      threads: 1, // more would compete with the other evaluators, and sum in another order
      ropeScaling: ropeScalingOf(model),
    });
    return new InProcessEvaluator(decoder, trainable);
  }

  async measure(prompts: readonly PreparedSample[], kind: NormaliserKind): Promise<Normaliser> {
    const collector = createCollector(this.#trainable);
    for (const prompt of prompts) {
      await scoreSamples(this.#decoder, [{ prepared: prompt, policy: collector.policy }]);
    }
    return collector.normaliser(kind);
  }

  async evaluate({ normaliser, prompts, members }: Slice): Promise<SliceScores> {
    const trainable = createTrainable(this.#trainable, normaliser);
    const policies = members.map((member) => () => (member ? trainable.policy(member) : full()));
    try {
      return await this.#evaluate(trainable, prompts, policies);
    } catch {
      // Some member is at fault: each once more by itself, so that the others keep their scores.
      const rows: (MemberScore | FailedScore)[][] = [];
      for (const prompt of prompts) {
        const row: (MemberScore | FailedScore)[] = [];
        for (const policy of policies) row.push(await this.#tryAlone(trainable, prompt, policy));
        rows.push(row);
      }
      return rows;
    }
  }

  async close(): Promise<void> {
    await this.#decoder.release();
  }

  async #evaluate(
    trainable: Trainable,
    prompts: readonly PreparedSample[],
    policies: readonly (() => EvictionPolicy)[],
  ): Promise<(MemberScore | FailedScore)[][]> {
    const made = policies.map((policy) => policy());
    const items: { readonly prepared: PreparedSample; readonly cache: KVCache }[] = [];
    for (const prepared of prompts) {
      const start = await this.#read(trainable, prepared);
      for (const policy of made) items.push({ prepared, cache: await start.copyUnder(policy) });
    }
    const scores = (await scoreSamples(this.#decoder, items)).map(summarise);
    return prompts.map((_, i) => scores.slice(i * made.length, (i + 1) * made.length));
  }

  /** A cache that has read what comes before the first choice of any member: computed once for all of them. */
  async #read(trainable: Trainable, { context }: PreparedSample): Promise<KVCache> {
    const cache = this.#decoder.createCache({ policy: trainable.policy(trainable.start()) });
    const ids = context.subarray(0, updateIntervalOf(this.#trainable));
    await this.#decoder.step([{ cache, input: { ids }, outputs: 'none' }]);
    return cache;
  }

  async #tryAlone(
    trainable: Trainable,
    prompt: PreparedSample,
    policy: () => EvictionPolicy,
  ): Promise<MemberScore | FailedScore> {
    try {
      return (await this.#evaluate(trainable, [prompt], [policy]))[0]![0]!;
    } catch (error) {
      return { failed: String(error) };
    }
  }
}

function updateIntervalOf(settings: TrainableSettings): number {
  return settings.kind === 'namm' ? settings.policy.updateInterval : settings.updateInterval;
}

function summarise({
  questions,
  logProbabilities,
  memory,
}: SampleScore): MemberScore | FailedScore {
  const { rows, seen, keptPerHead, bytes } = memory.atAnswer;
  const result: MemberScore = {
    score: mean(questions),
    logProbability: mean(logProbabilities),
    probability: mean(logProbabilities.map(Math.exp)),
    keptShare: memory.average.keptShare,
    keptAtAnswer: rows / (seen * keptPerHead.flat().length),
    bytesAtAnswer: bytes.used,
    policyBytesAtAnswer: bytes.policy,
  };
  const wrong = Object.entries(result).find(([, value]) => !Number.isFinite(value));
  return wrong ? { failed: `${wrong[0]} is ${wrong[1]}` } : result;
}
