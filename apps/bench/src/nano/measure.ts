import {
  attributeTokens,
  type BenchmarkSample,
  type Filler,
  factOracle,
  generateSample,
  prepareSample,
  scoreSamples,
  taskFamilies,
} from '@namm/benchmarks';
import { mean } from '@namm/core';
import { Decoder, type Tokenizer } from '@namm/decoder';
import { createPolicy, type EvictionPolicy } from '@namm/kv-cache';

/** How a model is run. */
export interface Setting {
  /** Run length over training length. */
  readonly factor: number;
  readonly alpha: number;
  readonly logitFactor: number;
  /** A policy's name, or `oracle`. */
  readonly policy: string;
  /** Tokens per head of a policy that evicts. */
  readonly budget: number;
}

/** What was measured under one setting. */
export interface Measurement extends Setting {
  readonly length: number;
  /** Per family, the share of right answers of each prompt. */
  readonly scores: Readonly<Record<string, readonly number[]>>;
  /** Rows kept over tokens seen when the questions are asked, mean over layers, heads and prompts. */
  readonly kept: number;
  readonly seconds: number;
}

export interface MeasureOptions {
  readonly folder: string;
  readonly tokenizer: Tokenizer;
  readonly filler: Filler;
  readonly trainedLength: number;
  /** Prompts per family. */
  readonly prompts: number;
  readonly seed: number;
  readonly threads: number;
  readonly onProgress: (done: number, total: number) => void;
}

/** The oracle forgets filler after every chunk, so short chunks show what the facts alone are good for. */
const chunkSize = 64;

/** Scores the same prompts for a seed, whatever the setting. */
export async function measure(setting: Setting, options: MeasureOptions): Promise<Measurement> {
  const { factor, alpha, logitFactor, policy: name, budget } = setting;
  const { folder, tokenizer, filler, trainedLength, prompts, seed, threads } = options;
  const start = performance.now();
  const length = trainedLength * factor;
  const countTokens = (text: string) => tokenizer.encode(text, { addSpecialTokens: false }).length;
  const policyFor = (sample: BenchmarkSample): EvictionPolicy =>
    name === 'oracle'
      ? factOracle(attributeTokens(sample, countTokens))
      : createPolicy(name, { budget, seed });
  const { probe } = name === 'oracle' ? factOracle([]) : createPolicy(name, { budget, seed });
  const decoder = await Decoder.load(folder, {
    probe,
    chunkSize,
    threads,
    attentionLogitFactor: logitFactor,
    ...(factor > 1 ? { contextExtension: { factor, alpha } } : {}),
  });
  const scores: Record<string, number[]> = {};
  const kept: number[] = [];
  let done = 0;
  for (const family of taskFamilies) {
    scores[family.name] = [];
    for (let index = 0; index < prompts; index++) {
      const split = 'test' as const;
      const sample = generateSample({ family, length, split, seed, index, filler, countTokens });
      const prepared = prepareSample(sample, tokenizer);
      const [result] = await scoreSamples(decoder, [{ prepared, policy: policyFor(sample) }]);
      const { rows, keptPerHead, seen } = result!.memory.atAnswer;
      scores[family.name]!.push(mean(result!.questions));
      kept.push(rows / keptPerHead.flat().length / seen);
      options.onProgress(++done, prompts * taskFamilies.length);
    }
  }
  await decoder.release();
  const seconds = (performance.now() - start) / 1000;
  return { ...setting, length, scores, kept: mean(kept), seconds };
}
