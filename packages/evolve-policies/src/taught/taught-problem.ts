import type { Problem } from '@namm/evolve';
import { mean } from '@namm/statistics';
import { fullCache } from '../text/reference-policy.js';
import type { TaughtUnit } from './taught-assessor.js';
import { isTaughtScore, type TaughtScore } from './taught-score.js';
import type { TaughtEvolutionSettings } from './taught-settings.js';

/** Makes the prompt with a given number, and its questions; the same number gives the same prompt. */
export type QuestionSource = (place: {
  readonly split: 'train' | 'development';
  readonly seed: number;
  readonly index: number;
}) => TaughtUnit['questions'];

/**
 * The biases of a taught scorer as a problem for `evolve`. All candidates may keep the same amount, so forgetting
 * brings no advantage. Units are prompts with their questions; the baseline is the full cache. Candidates choose from
 * one shared reading; the mean is validated as the policy really works, evicting while it reads.
 *
 * @param heads KV heads of the scorer, over all layers
 * @param texts digest of the texts that the prompts are made from
 */
export function taughtProblem(
  settings: TaughtEvolutionSettings,
  { heads, texts, prompt }: { heads: number; texts: string; prompt: QuestionSource },
): Problem<TaughtUnit, TaughtScore> {
  const { budget, recent, length, questions, prompts, generations, validation } = settings;
  return {
    title: 'the head biases of a taught scorer',
    settings: { budget, recent, length, questions, prompts, validation, texts },
    stages: [{ generations }],
    baselines: [fullCache],
    start: () => new Float64Array(heads),
    trainingUnits: (_, { generation, seed }) =>
      Array.from({ length: prompts }, (_, i) => ({
        questions: prompt({ split: 'train', seed, index: generation * prompts + i }),
        readsAlone: false,
      })),
    validationUnits: () =>
      Array.from({ length: validation.prompts }, (_, index) => ({
        questions: prompt({ split: 'development', seed: 0, index }),
        readsAlone: true,
      })),
    isScore: isTaughtScore,
    judge(results) {
      const of = (key: keyof TaughtScore) => mean(results.map(({ score }) => score[key]));
      const ofFull = (key: keyof TaughtScore) =>
        mean(results.map(({ baselines }) => baselines[fullCache]![key]));
      return {
        fitness: of('probability') - ofFull('probability'),
        measures: {
          ...{ score: of('score'), fullScore: ofFull('score') },
          ...{ logProbability: of('logProbability'), keptShare: of('keptShare') },
          keptAtAnswer: of('keptShare'),
        },
        tasks: { questions: { score: of('score'), fullScore: ofFull('score') } },
      };
    },
    sizeOf: (unit) => unit.questions[0]!.context.length,
    presentation: {
      fitness: {
        label: 'gain in probability over the full cache',
        description:
          'Probability of the true answers, each the geometric mean over its tokens, minus that under the full cache',
        baseline: { name: 'full cache', fitness: 0 },
      },
      charts: [
        { title: 'Answers', label: 'share of the questions', measures: ['score', 'fullScore'] },
      ],
      names: { score: 'right', fullScore: 'full cache', keptShare: 'kept' },
      shares: ['keptShare', 'keptAtAnswer'],
    },
  };
}
