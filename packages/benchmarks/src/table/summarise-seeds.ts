import { checkNames, InvalidArgumentError, Random } from '@namm/core';
import { type Interval, mean, nested, percentileInterval } from '@namm/statistics';
import { chooseFamilies, type FamilyMeans, overFamilies } from './family-means.js';

/** A base model: its full cache, and the memory models that were evolved on it. */
export interface SeedGroup {
  readonly full: FamilyMeans;
  /** One per evolution. */
  readonly evolved: readonly FamilyMeans[];
}

/**
 * Ratio of mean scores of evolved memory models to the full cache, with an interval that holds for other base models, other
 * evolutions and other prompts: models are drawn, evolutions within a drawn model, and the same prompts for all
 * of them.
 *
 * @param groups with means over the same draws of prompts
 * @throws {InvalidArgumentError} when there is no model, one without evolution, or draws differ in number
 */
export function ratioOverSeeds(
  groups: readonly SeedGroup[],
  options: { readonly seed: number; readonly isChosen?: (family: string) => boolean },
): Interval {
  checkNames('ratioOverSeeds', options, ['seed', 'isChosen']);
  const { seed, isChosen = () => true } = options;
  const reduced = groups.map(({ full, evolved }) => ({
    full: overFamilies(chooseFamilies(full, isChosen)),
    evolved: evolved.map((means) => overFamilies(chooseFamilies(means, isChosen))),
  }));
  const { whole, draw } = nested(reduced.map(({ evolved }) => evolved.length));
  const resamples = reduced[0]!.full.resampled.length;
  const lists = reduced.flatMap(({ full, evolved }) => [full, ...evolved]);
  if (lists.some(({ resampled }) => resampled.length !== resamples)) {
    throw new InvalidArgumentError('groups', 'hold different numbers of draws');
  }
  const ratio = (drawn: typeof whole, scoreOf: (scores: (typeof lists)[number]) => number) => {
    const evolved = drawn.map(({ group, members }) =>
      mean(Array.from(members, (member) => scoreOf(reduced[group]!.evolved[member]!))),
    );
    return mean(evolved) / mean(drawn.map(({ group }) => scoreOf(reduced[group]!.full)));
  };
  const random = new Random(seed);
  const resampled = Array.from({ length: resamples }, (_, i) =>
    ratio(draw(random), (scores) => scores.resampled[i]!),
  );
  return percentileInterval(
    ratio(whole, ({ estimate }) => estimate),
    resampled,
  );
}
