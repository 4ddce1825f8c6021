import {
  answerSpoken,
  type ComparedPolicy,
  type ComparedResults,
  chatFrame,
  comparedPassages,
  comparePolicies,
  formatComparison,
  formatSpoken,
  LineStore,
  type ModelPerProbe,
  type PassageResult,
  plainFrame,
  type SpokenResult,
  summariseComparison,
  summariseSpoken,
} from '@namm/benchmarks';
import { interruptSignal, ProgressLine } from '@namm/cli';
import { writeFileAtomic } from '@namm/core';
import type { Decoder, Tokenizer } from '@namm/decoder';
import { fillerOf, type Text } from './read-texts.js';

export interface TryOptions {
  readonly models: ModelPerProbe<Decoder>;
  readonly tokenizer: Tokenizer;
  readonly policies: readonly ComparedPolicy[];
  /** None to ask questions alone. */
  readonly passages: readonly Int32Array[];
  readonly texts: readonly Text[];
  /** Prompts of each family of questions; 0 asks none. */
  readonly prompts: number;
  readonly families?: readonly string[];
  readonly seed: number;
  readonly length: number;
  /** Without its ending: results go to files that begin so. */
  readonly out: string;
}

/** Compares policies on passages, and by questions about text, and prints both tables. */
export async function tryPolicies(options: TryOptions): Promise<void> {
  const { models, tokenizer, policies, out, prompts, length, families, seed } = options;
  const signal = interruptSignal();
  const passages = comparedPassages(options.passages, tokenizer);
  const compared: ComparedResults[] = [];
  const readings = await LineStore.open<PassageResult>(`${out}.readings.jsonl`);
  const answered = await LineStore.open<SpokenResult>(`${out}.answers.jsonl`);
  const progress = new ProgressLine('readings');
  const frame = tokenizer.chatTemplates.length > 0 ? chatFrame(tokenizer) : plainFrame;
  let questions: ReturnType<typeof summariseSpoken> | null = null;
  try {
    // One probe after the other, so that the model is in memory once.
    for (const probe of new Set(passages.length > 0 ? policies.map(probeOf) : [])) {
      const own = policies.filter((each) => probeOf(each) === probe);
      const [full, ...others] = await comparePolicies({
        ...{ model: models, policies: own, signal, passages, store: readings },
        onProgress: (event) => progress.update(event, own[0]!.name),
      });
      compared.push(...(compared.length === 0 ? [full!] : []), ...others);
      await models.release();
    }
    if (prompts > 0) {
      const answers = await answerSpoken({
        ...{ model: models, policies, signal, tokenizer, frame, length, prompts, seed },
        ...(families && { families }),
        ...{ filler: fillerOf(options.texts), store: answered },
        onProgress: (event) => progress.update(event, 'questions'),
      });
      questions = summariseSpoken(answers);
    }
  } finally {
    progress.clear();
    await readings.close();
    await answered.close();
    await models.release();
  }
  const comparison = compared.length > 0 ? summariseComparison(compared) : null;
  const tables = [comparison && formatComparison(comparison), questions && formatSpoken(questions)];
  console.log(tables.filter((table) => table !== null).join('\n\n'));
  await writeFileAtomic(`${out}.json`, JSON.stringify({ ...comparison, questions }, null, 2));
}

function probeOf({ policy }: ComparedPolicy): string {
  return JSON.stringify(policy.probe);
}
