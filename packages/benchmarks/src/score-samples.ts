import { checkNames } from '@namm/core';
import type { EvictionPolicy, KVCache, SequenceModel, StepOptions } from '@namm/kv-cache';
import { mean } from '@namm/statistics';
import { MemoryWatch, type SampleMemory } from './memory-watch.js';
import type { PreparedQuestion, PreparedSample } from './prepare-sample.js';

/** The part of a model that answering needs. */
export type AnsweringModel = Pick<SequenceModel<KVCache, EvictionPolicy>, 'createCache' | 'step'>;

/**
 * A sample to answer: under a policy, from an empty cache; or from a cache that has already read the first tokens of
 * the context, at most up to its policy's first update. The cache is released afterwards.
 */
export type ScoreItem =
  | { readonly prepared: PreparedSample; readonly policy: EvictionPolicy }
  | { readonly prepared: PreparedSample; readonly cache: KVCache };

/** What became of one sample under one policy. */
export interface SampleScore {
  /** Per question, the share of its parts that are right. */
  readonly questions: readonly number[];
  /** Per question, the mean log-probability of its answer tokens. */
  readonly logProbabilities: readonly number[];
  readonly memory: SampleMemory;
}

/**
 * Scores samples with teacher forcing: the true answers are fed, and a part of an answer is right if each of its tokens
 * is the most likely one after the true tokens before it. All items go through the model together: one step for the
 * contexts, one for the questions.
 *
 * @param options a signal that stops it between chunks, with the signal's reason
 * @throws whatever the model or a policy throws; all caches are released then, too
 * @example
 * ```ts
 * const items = policies.map((policy) => ({ prepared, policy }));
 * const [first] = await scoreSamples(decoder, items);
 * mean(first.questions); // between 0 and 1
 * ```
 */
export async function scoreSamples(
  model: AnsweringModel,
  items: readonly ScoreItem[],
  options: Pick<StepOptions, 'signal'> = {},
): Promise<SampleScore[]> {
  checkNames('scoreSamples', options, ['signal']);
  const { signal } = options;
  const caches = await Promise.all(
    items.map((item) =>
      'cache' in item ? item.cache : model.createCache({ policy: item.policy }),
    ),
  );
  try {
    const watches = caches.map((cache) => new MemoryWatch(cache));
    const onProgress = () => {
      for (const watch of watches) watch.look();
    };
    const stepOptions: StepOptions = { onProgress, ...(signal && { signal }) };
    const unread = items.flatMap(({ prepared }, i) => {
      const cache = caches[i]!;
      const ids = prepared.context.subarray(cache.seen);
      return ids.length > 0 ? [{ cache, input: { ids }, outputs: 'none' as const }] : [];
    });
    if (unread.length > 0) await model.step(unread, stepOptions);
    const atAnswer = caches.map((cache) => cache.memory());
    const tails = items.map(({ prepared }, i) => ({
      cache: caches[i]!,
      input: { ids: prepared.tail },
      outputs: 'all' as const,
    }));
    const results = await model.step(tails, stepOptions);
    return items.map(({ prepared }, i) => ({
      ...scoreAnswers(prepared, results[i]!.logits),
      memory: watches[i]!.summary(atAnswer[i]!),
    }));
  } finally {
    for (const cache of caches) await cache.release();
  }
}

/** @param logits of the tail's tokens, `[tail, size]`: row t says what the model expects at t + 1 */
function scoreAnswers({ tail, questions }: PreparedSample, logits: Float32Array) {
  const size = logits.length / tail.length;
  const rowBefore = (place: number) => logits.subarray((place - 1) * size, place * size);
  const places = ({ from, to }: { readonly from: number; readonly to: number }) =>
    Array.from({ length: to - from }, (_, i) => from + i);
  const isRight = (place: number) => {
    const row = rowBefore(place);
    return row[tail[place]!]! >= row.reduce((a, b) => Math.max(a, b));
  };
  const scoreOf = ({ parts }: PreparedQuestion) =>
    mean(parts.map((part) => (places(part).every(isRight) ? 1 : 0)));
  const logProbabilityOf = ({ parts }: PreparedQuestion) =>
    mean(parts.flatMap(places).map((place) => logProbability(rowBefore(place), tail[place]!)));
  return {
    questions: questions.map(scoreOf),
    logProbabilities: questions.map(logProbabilityOf),
  };
}

/** log softmax(row)[id], against the largest logit, so that nothing overflows. */
function logProbability(row: Float32Array, id: number): number {
  const largest = row.reduce((a, b) => Math.max(a, b));
  let sum = 0;
  for (const logit of row) sum += Math.exp(logit - largest);
  return row[id]! - largest - Math.log(sum);
}
