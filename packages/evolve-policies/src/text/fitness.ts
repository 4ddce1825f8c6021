import type { Judgement, Measures } from '@namm/evolve';
import { mean } from '@namm/statistics';
import { answerFloor, type KnownPolicy } from './answer-floor.js';
import { fullCache, referenceName } from './reference-policy.js';
import type { TextScore } from './text-score.js';

/**
 * The quantity to maximise, averaged over tasks:
 * - `score`: task score divided by that of the full cache on the same prompts, as published. A full cache with less
 *   than one right answer counts as if it had one, so that the ratio stays finite and right answers still count where
 *   the full cache has none;
 * - `log-probability-gain`: mean log-probability of the answers minus that under the full cache; less noisy;
 * - `probability-gain`: the same with probabilities, each the geometric mean over an answer's tokens. Equally smooth,
 *   but bounded: one hopelessly lost question costs no more than one question.
 */
export type FitnessKind = 'score' | 'log-probability-gain' | 'probability-gain';

/** All kinds of fitness. */
export const fitnessKinds: readonly FitnessKind[] = [
  ...(['score', 'log-probability-gain', 'probability-gain'] as const),
];

/** How fitness is computed from answers. */
export interface FitnessSettings {
  readonly kind: FitnessKind;
  /** Subtracted in proportion to the share of the cache that is kept, averaged over the updates. 0 as published. */
  readonly sizePressure: number;
  /**
   * What every candidate must reach, whatever its fitness; null for nothing. Without a floor, a size pressure rewards a
   * policy that forgets everything and answers nothing.
   * @defaultValue classic policies if there is a size pressure, otherwise null
   */
  readonly floor?: FloorSettings | null;
}

/**
 * A floor set by classic policies with the same memory: each is scored on the same prompts at some shares. A candidate
 * that answers worse than they do at the share that it holds when the questions are asked, or has no right answer at
 * all, ranks below all others, ordered by how much it lacks.
 */
export interface FloorSettings {
  /** Any of `sink-recent` and `keydiff`, which need no probe. */
  readonly policies: readonly string[];
  /** Above 0 and below 1. Between them, the full cache and an empty one, the floor is interpolated. */
  readonly shares: readonly number[];
}

const classicFloor: FloorSettings = {
  policies: ['sink-recent', 'keydiff'],
  shares: [0.5, 0.25, 0.1],
};

/** The floor of a fitness, its default included. */
export function floorOf({ sizePressure, floor }: FitnessSettings): FloorSettings | null {
  if (floor !== undefined) return floor;
  return sizePressure > 0 ? classicFloor : null;
}

/** Everybody who is scored beside the candidates: the full cache, then the classic policies of the floor. */
export function baselinesOf(settings: FitnessSettings): string[] {
  const floor = floorOf(settings);
  const references = floor?.policies.flatMap((policy) =>
    floor.shares.map((share) => referenceName(policy, share)),
  );
  return [fullCache, ...(references ?? [])];
}

/** One prompt: how a candidate and the baselines answered it. */
export interface PromptResult {
  readonly task: string;
  readonly questions: number;
  readonly score: TextScore;
  /** By name; the full cache is among them. */
  readonly baselines: Readonly<Record<string, TextScore>>;
}

/** Puts together what became of one candidate on all prompts of a generation. */
export function fitnessOf(results: readonly PromptResult[], settings: FitnessSettings): Judgement {
  const { kind, sizePressure } = settings;
  const tasks: Record<string, Measures> = {};
  const fitnesses: number[] = [];
  const byTask = [...new Set(results.map(({ task }) => task))].map((task) =>
    results.filter((result) => result.task === task),
  );
  for (const prompts of byTask) {
    const candidate = averages(prompts.map(own));
    const full = averages(prompts.map(({ baselines }) => baselines[fullCache]!));
    tasks[prompts[0]!.task] = {
      ...{ score: candidate.score, fullScore: full.score },
      ...{ logProbability: candidate.logProbability, fullLogProbability: full.logProbability },
    };
    const oneQuestion = 1 / prompts.reduce((sum, { questions }) => sum + questions, 0);
    fitnesses.push(
      kind === 'score'
        ? candidate.score / Math.max(full.score, oneQuestion)
        : kind === 'probability-gain'
          ? candidate.probability - full.probability
          : candidate.logProbability - full.logProbability,
    );
  }
  const over = (name: string) => mean(Object.values(tasks).map((task) => task[name]!));
  const keptShare = mean(results.map(({ score }) => score.keptShare));
  const keptAtAnswer = mean(results.map(({ score }) => score.keptAtAnswer));
  const fitness = mean(fitnesses) - (sizePressure === 0 ? 0 : sizePressure * keptShare);
  const score = over('score');
  const floor = floorOf(settings) && answerFloor(keptAtAnswer, knownPolicies(byTask, settings));
  const missing = floor === null ? 0 : missingAnswers(byTask, floor, kind);
  return {
    fitness,
    shortfall: missing,
    // Who answers nothing is not better for keeping less of it.
    cost: score > 0 ? keptShare : 0,
    measures: {
      ...{ keptShare, keptAtAnswer, score, fullScore: over('fullScore') },
      ...{ logProbability: over('logProbability'), fullLogProbability: over('fullLogProbability') },
      ...(floor !== null && { floor, answers: answersOf(byTask, own, kind) }),
    },
    tasks,
  };
}

type Who = (result: PromptResult) => TextScore;

const own: Who = ({ score }) => score;

/** Answers as the floor compares them: what is right, or where fitness is smooth the probability of what is right. */
function answersOf(
  byTask: readonly (readonly PromptResult[])[],
  who: Who,
  kind: FitnessKind,
): number {
  const what = kind === 'score' ? 'score' : 'probability';
  return mean(byTask.map((results) => mean(results.map((result) => who(result)[what]))));
}

/** The baselines, each with the share that it holds itself when the questions are asked. */
function knownPolicies(
  byTask: readonly (readonly PromptResult[])[],
  settings: FitnessSettings,
): KnownPolicy[] {
  return baselinesOf(settings).map((name) => {
    const who: Who = ({ baselines }) => baselines[name]!;
    const shares = byTask.flat().map((result) => who(result).keptAtAnswer);
    return { share: mean(shares), answers: answersOf(byTask, who, settings.kind) };
  });
}

/** By how much a candidate answers less than the floor; by one question at least when it has none right. */
function missingAnswers(
  byTask: readonly (readonly PromptResult[])[],
  floor: number,
  kind: FitnessKind,
): number {
  const missing = Math.max(0, floor - answersOf(byTask, own, kind));
  if (answersOf(byTask, own, 'score') > 0) return missing;
  const questions = byTask.flat().reduce((sum, result) => sum + result.questions, 0);
  return Math.max(missing, 1 / questions);
}

function averages(scores: readonly TextScore[]) {
  const average = (what: 'score' | 'logProbability' | 'probability') =>
    mean(scores.map((score) => score[what]));
  return {
    score: average('score'),
    logProbability: average('logProbability'),
    probability: average('probability'),
  };
}
