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
  type PassageResult,
  plainFrame,
  type SpokenResult,
  summariseComparison,
  summariseSpoken,
} from '@namm/benchmarks';
import { interruptSignal, ProgressLine } from '@namm/cli';
import { writeFileAtomic } from '@namm/core';
import { Decoder, type DecoderOptions, type Tokenizer } from '@namm/decoder';
import { fillerOf, type Text } from './read-texts.js';

export interface TryOptions {
  readonly folder: string;
  readonly decoder: DecoderOptions;
  readonly tokenizer: Tokenizer;
  readonly policies: readonly ComparedPolicy[];
  readonly passages: readonly Int32Array[];
  readonly texts: readonly Text[];
  /** Prompts of each family of questions; 0 asks none. */
  readonly prompts: number;
  readonly length: number;
  /** Without its ending: results go to files that begin so. */
  readonly out: string;
}

/** Compares policies on passages, and by questions about text, and prints both tables. */
export async function tryPolicies(options: TryOptions): Promise<void> {
  const { tokenizer, policies, out, prompts, length } = options;
  const signal = interruptSignal();
  const passages = comparedPassages(options.passages, tokenizer);
  const compared: ComparedResults[] = [];
  const answers = [];
  const readings = await LineStore.open<PassageResult>(`${out}.readings.jsonl`);
  const answered = await LineStore.open<SpokenResult>(`${out}.answers.jsonl`);
  const progress = new ProgressLine('readings');
  const frame = tokenizer.chatTemplates.length > 0 ? chatFrame(tokenizer) : plainFrame;
  try {
    for (const probe of new Set(policies.map(({ policy }) => JSON.stringify(policy.probe)))) {
      const own = policies.filter(({ policy }) => JSON.stringify(policy.probe) === probe);
      const model = await Decoder.load(options.folder, {
        ...options.decoder,
        probe: JSON.parse(probe),
      });
      const common = { model, policies: own, signal };
      const onProgress = (event: { done: number; total: number }) =>
        progress.update(event, own[0]!.name);
      const [full, ...others] = await comparePolicies({
        ...common,
        passages,
        store: readings,
        onProgress,
      });
      compared.push(...(compared.length === 0 ? [full!] : []), ...others);
      if (prompts > 0) {
        const [whole, ...rest] = await answerSpoken({
          ...{ ...common, tokenizer, frame, filler: fillerOf(options.texts), length, prompts },
          ...{ seed: 1, store: answered, onProgress },
        });
        answers.push(...(answers.length === 0 ? [whole!] : []), ...rest);
      }
      await model.release();
    }
  } finally {
    progress.clear();
    await readings.close();
    await answered.close();
  }
  const comparison = summariseComparison(compared);
  console.log(formatComparison(comparison));
  const questions = answers.length > 0 ? summariseSpoken(answers) : null;
  if (questions) console.log(`\n${formatSpoken(questions)}`);
  await writeFileAtomic(`${out}.json`, JSON.stringify({ ...comparison, questions }, null, 2));
}
