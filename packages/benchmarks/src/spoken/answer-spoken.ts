import { checkInteger, checkNames, type ProgressListener } from '@namm/core';
import { full, keptShare } from '@namm/kv-cache';
import { bootstrapInterval, type Interval, mean } from '@namm/statistics';
import type { ComparedPolicy } from '../compare/compare-policies.js';
import type { LineStore } from '../compare/line-store.js';
import type { Filler } from '../filler.js';
import { generateSample } from '../generate-sample.js';
import { prepareSample, type SampleTokenizer } from '../prepare-sample.js';
import { type AnsweringModel, scoreSamples } from '../score-samples.js';
import type { PromptFrame } from './prompt-frame.js';
import { spokenFamilies } from './spoken-families.js';

/** What became of one prompt under one policy. */
export interface SpokenResult {
  readonly family: string;
  /** Per question, 1 when it was answered rightly. */
  readonly questions: readonly number[];
  /** Rows held over tokens read when the questions come, mean over heads. */
  readonly keptShare: number;
}

/** Options of {@link answerSpoken}. */
export interface AnswerSpokenOptions {
  readonly model: AnsweringModel;
  readonly tokenizer: SampleTokenizer;
  readonly frame: PromptFrame;
  readonly policies: readonly ComparedPolicy[];
  /** Prose of the split `test`. */
  readonly filler: Filler;
  /** Tokens of a prompt. */
  readonly length: number;
  /** Prompts of each family; each asks three questions. */
  readonly prompts: number;
  readonly seed: number;
  readonly store: LineStore<SpokenResult>;
  /** Stage `prompts`. */
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** A policy with its answers. */
export interface SpokenAnswers extends Omit<ComparedPolicy, 'policy'> {
  readonly prompts: readonly SpokenResult[];
}

/**
 * Asks a model questions in whole sentences about prose that it has read under each policy, before the questions were
 * known.
 *
 * @returns first the full cache, then the policies in their order; prompts in the same order everywhere
 * @throws the signal's reason when it is aborted; what was done until then is in the store
 */
export async function answerSpoken(options: AnswerSpokenOptions): Promise<SpokenAnswers[]> {
  checkNames('answerSpoken', options, [
    ...(['model', 'tokenizer', 'frame', 'policies', 'filler', 'length', 'prompts'] as const),
    ...(['seed', 'store', 'onProgress', 'signal'] as const),
  ]);
  const { model, tokenizer, frame, filler, length, prompts, seed, store, signal } = options;
  checkInteger('prompts', prompts, 1);
  const all = [{ name: 'full', budget: '100%', policy: full() }, ...options.policies];
  const results = all.map((): SpokenResult[] => []);
  const families = spokenFamilies(frame);
  const countTokens = (text: string) => tokenizer.encode(text, { addSpecialTokens: false }).length;
  let done = 0;
  for (let index = 0; index < prompts; index++) {
    for (const family of families) {
      const { opening } = frame;
      const common = { split: 'test', seed, index, filler, countTokens, opening } as const;
      const prepared = prepareSample(generateSample({ family, length, ...common }), tokenizer);
      for (const [i, { name, budget, policy }] of all.entries()) {
        const settings = JSON.stringify([policy.name, policy.settings]);
        const key = `${name} ${budget} ${settings} ${prepared.id} ${prepared.context.length}`;
        const result = await store.get(key, async () => {
          const items = [{ prepared, policy }];
          const [score] = await scoreSamples(model, items, signal ? { signal } : {});
          const { questions, memory } = score!;
          return { family: family.name, questions, keptShare: keptShare(memory.atAnswer) };
        });
        results[i]!.push(result);
      }
      done++;
      options.onProgress?.({ stage: 'prompts', done, total: prompts * families.length });
    }
  }
  return all.map(({ name, budget }, i) => ({ name, budget, prompts: results[i]! }));
}

/** How many of the questions a policy answered. */
export interface SpokenRow {
  readonly name: string;
  readonly budget: string;
  readonly questions: number;
  /** Over prompts, in families that the full cache answers. */
  readonly answered: Interval;
  readonly keptShare: number;
}

/** Families of which the full cache answers less say nothing about a policy. */
const leastKnown = 0.8;

/**
 * Means and intervals over prompts, in the families of which the full cache answers at least four fifths; in all of
 * them when there is no such family.
 *
 * @returns the rows, the families that count, and those that do not
 */
export function summariseSpoken(answers: readonly SpokenAnswers[], seed = 1) {
  const whole = answers[0]!.prompts;
  const names = [...new Set(whole.map(({ family }) => family))];
  const scoreOf = ({ questions }: SpokenResult) => mean(questions);
  const known = names.filter(
    (name) => mean(whole.filter(({ family }) => family === name).map(scoreOf)) >= leastKnown,
  );
  const counted = known.length > 0 ? known : names;
  const rows = answers.map(({ name, budget, prompts }): SpokenRow => {
    const own = prompts.filter(({ family }) => counted.includes(family));
    return {
      ...{ name, budget, questions: own.flatMap(({ questions }) => questions).length },
      answered: bootstrapInterval(own.map(scoreOf), { seed }),
      keptShare: mean(own.map((each) => each.keptShare)),
    };
  });
  return { rows, counted, left: names.filter((name) => !counted.includes(name)) };
}

/** The table as text. */
export function formatSpoken({ rows, counted, left }: ReturnType<typeof summariseSpoken>): string {
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  const width = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map(({ name, budget, answered, questions, keptShare: kept }) => {
    const { estimate, lower, upper } = answered;
    const share = `${percent(estimate)} [${percent(lower)}, ${percent(upper)}]`;
    return `${name.padEnd(width)}  ${budget.padStart(5)}  answers ${share} of ${questions}, keeps ${percent(kept)}`;
  });
  const others = left.length > 0 ? `; the full cache fails ${left.join(', ')}` : '';
  return [...lines, `families: ${counted.join(', ')}${others}`].join('\n');
}
