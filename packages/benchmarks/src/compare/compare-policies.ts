import { createHash } from 'node:crypto';
import { checkNames, InvalidArgumentError, type ProgressListener } from '@namm/core';
import {
  type EvictionPolicy,
  full,
  type KVCache,
  keptShare,
  type StepOptions,
} from '@namm/kv-cache';
import type { AnsweringModel } from '../score-samples.js';
import { CacheWatch } from './cache-watch.js';
import { goneEverywhere } from './gone-everywhere.js';
import type { LineStore } from './line-store.js';
import { largest, logSumExp } from './logits.js';

/** A policy with its budget. */
export interface ComparedPolicy {
  readonly name: string;
  /** As shown in the table, such as `25%`. */
  readonly budget: string;
  readonly policy: EvictionPolicy;
  /**
   * Called after the text is read and before anything is asked or predicted, for instance for KVzip's second reading.
   * It may drop rows. Name and budget must distinguish it from others.
   *
   * @param ids all tokens that the cache has read
   */
  readonly afterReading?: (
    cache: KVCache,
    ids: Int32Array,
    options: Pick<StepOptions, 'signal'>,
  ) => Promise<void>;
  /**
   * Most tokens that {@link afterReading} makes a fork of the cache read, after a text of this many tokens.
   * @defaultValue 0
   */
  readonly readsAgain?: (tokens: number) => number;
}

/** Text whose first part is read and whose rest is predicted. */
export interface ComparedPassage {
  readonly ids: Int32Array;
  /** Tokens that are read first. */
  readonly read: number;
  /** Bytes of the text of the other tokens. */
  readonly bytes: number;
}

/** Result of a policy on one passage. */
export interface PassageResult {
  /** Bits per byte of the text that was predicted. */
  readonly bitsPerByte: number;
  /** Kullback-Leibler divergence from the full cache's predictions, mean over tokens, in bits. */
  readonly divergence: number;
  /** Share of tokens at which this cache and the full cache agree on the likeliest token. */
  readonly agreement: number;
  /** Rows held divided by tokens read where the prediction begins, mean over heads. */
  readonly keptShare: number;
  /** Bytes of keys, values, positions and policy state there. */
  readonly bytes: number;
  /** The KV footprint up to there: entries held, summed over the tokens read, over those of full attention. */
  readonly footprint: number;
  /** Share of the tokens read that no head holds any more. */
  readonly goneEverywhere: number;
  /** Tokens per second, reading and predicting. */
  readonly speed: number;
}

/** Options of {@link comparePolicies}. */
export interface CompareOptions {
  readonly model: AnsweringModel;
  readonly passages: readonly ComparedPassage[];
  readonly policies: readonly ComparedPolicy[];
  /** Where results go, and those of an earlier run come from. */
  readonly store: LineStore<PassageResult>;
  /** Stage `readings`. */
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** A policy with its results on each passage. */
export interface ComparedResults extends Pick<ComparedPolicy, 'name' | 'budget'> {
  readonly passages: readonly PassageResult[];
}

/**
 * Compares policies on text without labels: each reads the first part of every passage, evicting as it goes, and then
 * predicts the rest. Its predictions are compared with the text and with those of the full cache.
 *
 * @returns first the full cache, then the policies in their order
 * @throws {InvalidArgumentError} when there is no passage, or nothing of one is read or predicted
 * @throws the signal's reason when it is aborted; what was done so far is in the store
 */
export async function comparePolicies(options: CompareOptions): Promise<ComparedResults[]> {
  const { model, passages, store, onProgress, signal } = checkNames('comparePolicies', options, [
    ...(['model', 'passages', 'policies', 'store', 'onProgress', 'signal'] as const),
  ]);
  if (passages.length === 0) throw new InvalidArgumentError('passages', 'are missing');
  for (const [index, { ids, read, bytes }] of passages.entries()) {
    if (read >= 1 && read < ids.length && bytes >= 1) continue;
    throw new InvalidArgumentError(`passages[${index}]`, 'leaves nothing to read or to predict');
  }
  const all: readonly ComparedPolicy[] = [
    { name: 'full', budget: '100%', policy: full() },
    ...options.policies,
  ];
  const results = all.map((): PassageResult[] => []);
  let done = 0;
  for (const passage of passages) {
    const keys = all.map((each) => keyOf(each, passage));
    const isMissing = keys.some((key) => !store.has(key));
    const reference = isMissing ? await read(model, passage, all[0]!, signal) : null;
    for (const [i, each] of all.entries()) {
      const result = await store.get(keys[i]!, async () => {
        const own = i === 0 ? reference! : await read(model, passage, each, signal);
        return measured(passage, own, reference!);
      });
      results[i]!.push(result);
      done++;
      onProgress?.({ stage: 'readings', done, total: all.length * passages.length });
    }
  }
  return all.map(({ name, budget }, i) => ({ name, budget, passages: results[i]! }));
}

interface Reading {
  /** `[predicted tokens, vocabulary]`: what was thought before each of them. */
  readonly logits: Float32Array;
  readonly size: number;
  readonly memory: Pick<PassageResult, 'keptShare' | 'bytes' | 'footprint' | 'goneEverywhere'>;
  readonly speed: number;
}

async function read(
  model: AnsweringModel,
  { ids, read: first }: ComparedPassage,
  { policy, afterReading }: ComparedPolicy,
  signal: AbortSignal | undefined,
): Promise<Reading> {
  const cache = await model.createCache({ policy });
  try {
    const began = performance.now();
    const watch = new CacheWatch(cache);
    const onProgress = () => watch.look();
    const options = signal ? { signal } : {};
    // The last token read predicts the first of the others.
    const start = { cache, input: { ids: ids.subarray(0, first - 1) }, outputs: 'none' as const };
    if (first > 1) {
      await model.step([start], { ...options, onProgress });
      await afterReading?.(cache, start.input.ids, options);
    }
    const { bytes } = cache.memory();
    const memory = {
      keptShare: first > 1 ? keptShare(cache.memory()) : 1,
      bytes: bytes.used + bytes.positions + bytes.policy,
      footprint: watch.cost().footprint,
      goneEverywhere: goneEverywhere(cache),
    };
    const rest = ids.subarray(first - 1, ids.length - 1);
    const items = [{ cache, input: { ids: rest }, outputs: 'all' as const }];
    const [result] = await model.step(items, options);
    const { logits } = result!;
    const speed = (1000 * (ids.length - 1)) / (performance.now() - began);
    return { logits, size: logits.length / rest.length, memory, speed };
  } finally {
    await cache.release();
  }
}

function measured(
  { ids, read: first, bytes }: ComparedPassage,
  { logits, size, memory, speed }: Reading,
  reference: Reading,
): PassageResult {
  const count = ids.length - first;
  let [bits, divergence, agreed] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const own = logits.subarray(i * size, (i + 1) * size);
    const whole = reference.logits.subarray(i * size, (i + 1) * size);
    const [ownTotal, wholeTotal] = [logSumExp(own), logSumExp(whole)];
    bits -= (own[ids[first + i]!]! - ownTotal) / Math.LN2;
    let sum = 0;
    for (let id = 0; id < size; id++) {
      const thought = whole[id]! - wholeTotal;
      sum += Math.exp(thought) * (thought - (own[id]! - ownTotal));
    }
    divergence += sum / Math.LN2;
    if (largest(own) === largest(whole)) agreed++;
  }
  return {
    bitsPerByte: bits / bytes,
    divergence: Math.max(0, divergence / count),
    agreement: agreed / count,
    ...memory,
    speed,
  };
}

function keyOf({ name, budget, policy }: ComparedPolicy, { ids, read: first }: ComparedPassage) {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([policy.name, policy.settings, first]));
  hash.update(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength));
  return `${name} ${budget} ${hash.digest('hex').slice(0, 24)}`;
}
