import { mean } from '@namm/statistics';
import type { FailedScore, MemberScore } from './evaluator.js';

/**
 * What is maximised, averaged over tasks:
 * - `score`: task score over that of the full cache on the same prompts, as published. A full cache that has less
 *   than one question right counts as if it had one: the quotient stays finite, and answers where the full cache
 *   has none are still worth something;
 * - `log-probability-gain`: mean log-probability of the answers minus that under the full cache; less noisy;
 * - `probability-gain`: the same of the probabilities, each the geometric mean over an answer's tokens. As smooth, but
 *   bounded: one question that is hopelessly lost costs one question, not as much as many that are a little worse.
 */
export type FitnessKind = 'score' | 'log-probability-gain' | 'probability-gain';

export interface FitnessSettings {
  readonly kind: FitnessKind;
  /** Subtracted per share of the cache that is kept, on average over the updates. 0 as published. */
  readonly sizePressure: number;
}

/** One prompt: how a member and the full cache answered it. */
export interface PromptResult {
  readonly task: string;
  readonly questions: number;
  readonly member: MemberScore | FailedScore;
  readonly full: MemberScore | FailedScore;
}

/** How a member did on some prompts. */
export interface MemberFitness {
  /** NaN when an evaluation failed. */
  readonly fitness: number;
  readonly tasks: Readonly<Record<string, TaskResult>>;
  readonly keptShare: number;
  readonly keptAtAnswer: number;
}

/** Means over the prompts of a task. */
export interface TaskResult {
  readonly score: number;
  readonly fullScore: number;
  readonly logProbability: number;
  readonly fullLogProbability: number;
}

/** Puts together what became of one member on all prompts of a generation. */
export function fitnessOf(
  results: readonly PromptResult[],
  { kind, sizePressure }: FitnessSettings,
): MemberFitness {
  const tasks: Record<string, TaskResult> = {};
  const fitnesses: number[] = [];
  for (const task of new Set(results.map((result) => result.task))) {
    const own = results.filter((result) => result.task === task);
    const average = (who: 'member' | 'full', what: 'score' | 'logProbability' | 'probability') =>
      mean(own.map((result) => numberOf(result[who], what)));
    const result = {
      score: average('member', 'score'),
      fullScore: average('full', 'score'),
      logProbability: average('member', 'logProbability'),
      fullLogProbability: average('full', 'logProbability'),
    };
    tasks[task] = result;
    const oneQuestion = 1 / own.reduce((sum, { questions }) => sum + questions, 0);
    const gain = (what: 'logProbability' | 'probability') =>
      average('member', what) - average('full', what);
    fitnesses.push(
      kind === 'score'
        ? result.score / Math.max(result.fullScore, oneQuestion)
        : gain(kind === 'probability-gain' ? 'probability' : 'logProbability'),
    );
  }
  const kept = (what: 'keptShare' | 'keptAtAnswer') =>
    mean(results.map(({ member }) => numberOf(member, what)));
  const keptShare = kept('keptShare');
  const fitness = mean(fitnesses) - (sizePressure === 0 ? 0 : sizePressure * keptShare);
  return { fitness, tasks, keptShare, keptAtAnswer: kept('keptAtAnswer') };
}

/** NaN for an evaluation that failed. */
function numberOf(score: MemberScore | FailedScore, what: keyof MemberScore): number {
  return 'failed' in score ? Number.NaN : score[what];
}
