import { Random } from '@namm/core';
import { mean, strata } from '@namm/statistics';

/** Mean scores of some families: of all prompts, and of each resample of them. */
export interface FamilyMeans {
  readonly families: readonly string[];
  /** `[families]` */
  readonly estimate: readonly number[];
  /** Per family `[resamples]`. */
  readonly resampled: readonly Float64Array[];
}

/** Per resample and family, the indices of the prompts drawn. */
export type PromptDraws = readonly (readonly Uint32Array[])[];

/**
 * Draws the prompts of each family again and again, once for all that is compared on them: so what makes a
 * prompt hard for everybody does not widen the interval of a difference.
 *
 * @param sizes prompts per family
 */
export function drawPrompts(
  sizes: readonly number[],
  resamples: number,
  seed: number,
): PromptDraws {
  const random = new Random(seed);
  const { draw } = strata(sizes);
  return Array.from({ length: resamples }, () => draw(random).map((indices) => indices.slice()));
}

/** @param scores per family, of its prompts */
export function familyMeans(
  scores: ReadonlyMap<string, ArrayLike<number>>,
  draws: PromptDraws,
): FamilyMeans {
  const all = [...scores.values()];
  return {
    families: [...scores.keys()],
    estimate: all.map(mean),
    resampled: all.map((values, family) =>
      Float64Array.from(draws, (drawn) => {
        const indices = drawn[family]!;
        let sum = 0;
        for (let i = 0; i < indices.length; i++) sum += values[indices[i]!]!;
        return sum / indices.length;
      }),
    ),
  };
}

/** The means of some of the families. */
export function chooseFamilies(
  { families, estimate, resampled }: FamilyMeans,
  isChosen: (family: string) => boolean,
): FamilyMeans {
  const places = families.flatMap((family, place) => (isChosen(family) ? [place] : []));
  return {
    families: places.map((place) => families[place]!),
    estimate: places.map((place) => estimate[place]!),
    resampled: places.map((place) => resampled[place]!),
  };
}

/** The mean over families. */
export function overFamilies({ estimate, resampled }: FamilyMeans): {
  readonly estimate: number;
  readonly resampled: Float64Array;
} {
  return {
    estimate: mean(estimate),
    resampled: Float64Array.from(resampled[0]!, (_, i) => mean(resampled.map((own) => own[i]!))),
  };
}
