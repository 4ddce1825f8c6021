import { checkNames, type ProgressListener, writeFileAtomic } from '@namm/core';
import type { ModelPerProbe } from '../model-per-probe.js';
import type { SampleTokenizer } from '../prepare-sample.js';
import { answerSpoken } from '../spoken/answer-spoken.js';
import { formatSpoken } from '../spoken/format-spoken.js';
import { type ChatRenderer, frameOf } from '../spoken/prompt-frame.js';
import type { SpokenResult } from '../spoken/spoken-result.js';
import { summariseSpoken } from '../spoken/summarise-spoken.js';
import {
  type ComparedPolicy,
  type ComparedResults,
  comparePolicies,
  type PassageResult,
} from './compare-policies.js';
import { LineStore } from './line-store.js';
import { fillerOf, type PlainText } from './plain-texts.js';
import { formatComparison, summariseComparison } from './summarise-comparison.js';
import { comparedPassages, type PassageTokenizer } from './text-passages.js';

/** Options of {@link runComparison}. */
export interface RunComparisonOptions {
  /** The model; released at the end. */
  readonly models: Pick<ModelPerProbe, 'createCache' | 'step' | 'release'>;
  readonly tokenizer: SampleTokenizer &
    PassageTokenizer &
    ChatRenderer & { readonly chatTemplates: readonly unknown[] };
  readonly policies: readonly ComparedPolicy[];
  /** Empty to ask only the questions. */
  readonly passages: readonly Int32Array[];
  /** Texts whose last fifths hide the facts for the questions. */
  readonly texts: readonly PlainText[];
  /** Prompts of each family of questions; 0 asks none. */
  readonly prompts: number;
  /** Of questions. @defaultValue all */
  readonly families?: readonly string[];
  /** Of the prompts. */
  readonly seed: number;
  /** Tokens of a prompt. */
  readonly length: number;
  /** Path without extension: results go to files that begin with it, and what they contain is not measured again. */
  readonly out: string;
  /** Stages are the policies, and `questions`. */
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/**
 * Compares policies on passages, and by questions about text; the figures go to `OUT.json`.
 *
 * @returns both tables as text
 * @throws {InvalidArgumentError} for passages that leave nothing to predict
 * @throws the signal's reason when it is aborted; what was done so far is in the files
 */
export async function runComparison(options: RunComparisonOptions): Promise<string> {
  checkNames('runComparison', options, [
    ...(['models', 'tokenizer', 'policies', 'passages', 'texts', 'prompts', 'families'] as const),
    ...(['seed', 'length', 'out', 'onProgress', 'signal'] as const),
  ]);
  const { models, tokenizer, policies, out, prompts, length, families, seed } = options;
  const { onProgress, signal } = options;
  const stop = signal ? { signal } : {};
  const told = (stage: string) =>
    onProgress && { onProgress: ((event) => onProgress({ ...event, stage })) as ProgressListener };
  const passages = comparedPassages(options.passages, tokenizer);
  const compared: ComparedResults[] = [];
  const readings = await LineStore.open<PassageResult>(`${out}.readings.jsonl`);
  const answered = await LineStore.open<SpokenResult>(`${out}.answers.jsonl`);
  const frame = frameOf(tokenizer);
  let questions: ReturnType<typeof summariseSpoken> | null = null;
  try {
    // One probe after the other, so that the model is in memory once.
    for (const probe of new Set(passages.length > 0 ? policies.map(probeOf) : [])) {
      const own = policies.filter((each) => probeOf(each) === probe);
      const [full, ...others] = await comparePolicies({
        ...{ model: models, policies: own, passages, store: readings, ...stop },
        ...told(own[0]!.name),
      });
      compared.push(...(compared.length === 0 ? [full!] : []), ...others);
      await models.release();
    }
    if (prompts > 0) {
      const answers = await answerSpoken({
        ...{ model: models, policies, tokenizer, frame, length, prompts, seed, ...stop },
        ...(families && { families }),
        ...{ filler: fillerOf(options.texts), store: answered, ...told('questions') },
      });
      questions = summariseSpoken(answers);
    }
  } finally {
    await readings.close();
    await answered.close();
    await models.release();
  }
  const comparison = compared.length > 0 ? summariseComparison(compared) : null;
  await writeFileAtomic(`${out}.json`, JSON.stringify({ ...comparison, questions }, null, 2));
  const tables = [comparison && formatComparison(comparison), questions && formatSpoken(questions)];
  return tables.filter((table) => table !== null).join('\n\n');
}

function probeOf({ policy }: ComparedPolicy): string {
  return JSON.stringify(policy.probe);
}
