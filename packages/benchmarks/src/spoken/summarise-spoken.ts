import { bootstrapInterval, bootstrapRatioInterval, type Interval, mean } from '@namm/statistics';
import type { SpokenAnswers } from './answer-spoken.js';
import type { SpokenResult } from './spoken-result.js';

/** How many of the questions a policy answered. */
export interface SpokenRow {
  readonly name: string;
  readonly budget: string;
  /** Prompts, and questions about them. */
  readonly prompts: number;
  readonly questions: number;
  readonly right: number;
  /** Share of questions answered, with its interval over prompts. */
  readonly answered: Interval;
  /** The same over that of the full cache on the same prompts; null when that answers nothing. */
  readonly againstFull: Interval | null;
  /** Questions that the full cache answered and this policy did not, and the other way round. */
  readonly lost: number;
  readonly won: number;
  readonly keptShare: number;
}

/** The rows of some families. */
export interface SpokenSummary {
  readonly families: readonly string[];
  readonly rows: readonly SpokenRow[];
}

/** Families of which the full cache answers less say little about a policy. */
const leastKnown = 0.8;

/**
 * Counts and paired 95 % intervals over prompts: for all families, and for those of which the full cache answers at
 * least four fifths.
 *
 * @param answers of `answerSpoken`, the full cache first
 * @param seed of the resampling
 * @returns `known` is null when there is no such family, or no other
 */
export function summariseSpoken(
  answers: readonly SpokenAnswers[],
  seed = 1,
): { readonly all: SpokenSummary; readonly known: SpokenSummary | null } {
  const whole = answers[0]!.prompts;
  const families = [...new Set(whole.map(({ family }) => family))];
  const known = families.filter((name) => {
    return mean(whole.filter(({ family }) => family === name).map(scoreOf)) >= leastKnown;
  });
  const isPart = known.length > 0 && known.length < families.length;
  return {
    all: summaryOf(answers, families, seed),
    known: isPart ? summaryOf(answers, known, seed) : null,
  };
}

function summaryOf(
  answers: readonly SpokenAnswers[],
  families: readonly string[],
  seed: number,
): SpokenSummary {
  const own = answers.map(({ prompts }) =>
    prompts.filter((each) => families.includes(each.family)),
  );
  const whole = own[0]!;
  const isRight = (prompts: readonly SpokenResult[]) => prompts.flatMap((each) => each.questions);
  const known = isRight(whole);
  return {
    families,
    rows: answers.map(({ name, budget }, i): SpokenRow => {
      const prompts = own[i]!;
      const right = isRight(prompts);
      const shares = prompts.map(scoreOf);
      return {
        ...{ name, budget, prompts: prompts.length, questions: right.length },
        right: right.filter((one) => one === 1).length,
        answered: bootstrapInterval(shares, { seed }),
        againstFull: known.some((one) => one > 0)
          ? bootstrapRatioInterval(shares, whole.map(scoreOf), { seed })
          : null,
        lost: right.filter((one, question) => one < known[question]!).length,
        won: right.filter((one, question) => one > known[question]!).length,
        keptShare: mean(prompts.map((each) => each.keptShare)),
      };
    }),
  };
}

function scoreOf({ questions }: SpokenResult): number {
  return mean(questions);
}
