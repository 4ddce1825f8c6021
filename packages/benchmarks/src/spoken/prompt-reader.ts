import { createHash } from 'node:crypto';
import { type EvictionPolicy, type KVCache, keptShare, type ProtectedSpan } from '@namm/kv-cache';
import type { ComparedPolicy } from '../compare/compare-policies.js';
import type { PreparedSample } from '../prepare-sample.js';
import { type AnsweringModel, scoreSamples } from '../score-samples.js';
import type { SpokenResult } from './spoken-result.js';

/** Reads one prompt, no more often than policies and protected spans differ, and asks about it. */
export class PromptReader {
  readonly #model: AnsweringModel;
  /** The questions, each alone behind the same context. */
  readonly #questions: readonly PreparedSample[];
  readonly #options: { readonly signal?: AbortSignal };
  readonly #readings = new Map<string, KVCache>();

  constructor(
    model: AnsweringModel,
    questions: readonly PreparedSample[],
    signal: AbortSignal | undefined,
  ) {
    this.#model = model;
    this.#questions = questions;
    this.#options = signal ? { signal } : {};
  }

  /** @param spans that no policy may drop as it likes */
  async ask(
    { policy, afterReading }: ComparedPolicy,
    spans: readonly ProtectedSpan[] = [],
  ): Promise<SpokenResult> {
    const { context, family } = this.#questions[0]!;
    const cache = (await this.#read(policy, spans, context)).fork();
    try {
      await afterReading?.(cache, context, this.#options);
      const share = keptShare(cache.memory());
      const items = this.#questions.map((prepared) => ({ prepared, cache: cache.fork() }));
      const scores = await scoreSamples(this.#model, items, this.#options);
      return {
        family,
        questions: scores.map(({ questions }) => questions[0]!),
        logProbabilities: scores.map(({ logProbabilities }) => logProbabilities[0]!),
        keptShare: share,
      };
    } finally {
      await cache.release();
    }
  }

  async release(): Promise<void> {
    for (const cache of this.#readings.values()) await cache.release();
  }

  async #read(
    policy: EvictionPolicy,
    spans: readonly ProtectedSpan[],
    ids: Int32Array,
  ): Promise<KVCache> {
    const key = JSON.stringify([policy.name, policy.settings, spans]);
    const known = this.#readings.get(key);
    if (known !== undefined) return known;
    const cache = await this.#model.createCache({ policy });
    this.#readings.set(key, cache);
    cache.protect(spans);
    await this.#model.step([{ cache, input: { ids }, outputs: 'none' }], this.#options);
    return cache;
  }
}

/** A result is of a model, a policy, its protected spans and a prompt, however it is called. */
export function resultKey(
  model: string,
  { name, budget, policy }: ComparedPolicy,
  questions: readonly PreparedSample[],
  spans: readonly ProtectedSpan[] = [],
): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([model, policy.name, policy.settings]));
  for (const { context, tail } of questions) {
    hash.update(JSON.stringify([Array.from(context), Array.from(tail)]));
  }
  if (spans.length > 0) hash.update(JSON.stringify(spans));
  return `${name} ${budget} ${questions[0]!.id} ${hash.digest('hex').slice(0, 24)}`;
}
