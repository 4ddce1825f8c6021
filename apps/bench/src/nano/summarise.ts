import { bootstrapInterval, bootstrapRatioInterval, type Interval, mean } from '@namm/core';
import type { Measurement } from './measure.js';

/** Mean exact match over families; prompts are resampled, a prompt of each family at a time. */
export function macroInterval({ scores }: Measurement): Interval {
  return bootstrapInterval(byPrompt(scores), { seed: 0 });
}

/** Ratio of two such means over the same prompts, resampled together. */
export function ratioInterval(numerator: Measurement, denominator: Measurement): Interval {
  const values = [numerator, denominator].map(({ scores }) => byPrompt(scores));
  return bootstrapRatioInterval(values[0]!, values[1]!, { seed: 0 });
}

/** The mean over families of the scores of their prompts of the same index. */
function byPrompt(scores: Measurement['scores']): number[] {
  const families = Object.values(scores);
  return families[0]!.map((_, index) => mean(families.map((family) => family[index]!)));
}
