import { type DrawnStrata, type Resampling, signFlipPValue, strata } from '@namm/statistics';
import { grouped } from './grouped.js';

/** How prompts are drawn again: all questions about one text together, because they are not independent. */
export interface TextResampling {
  readonly resampling: Resampling<DrawnStrata>;
  /** The mean over tasks of the means over the prompts drawn. @param values per task, in the order of its prompts */
  mean(values: readonly (readonly number[])[], drawn: DrawnStrata): number;
  /**
   * Two-sided p of the mean being 0, by flips of the signs of whole texts: with few texts no difference is significant.
   *
   * @param differences per task, in the order of its prompts
   */
  pValue(differences: readonly (readonly number[])[], seed: number): number;
}

/** @param tasks prompts of each, with the text that they ask about */
export function resampleTexts(
  tasks: readonly (readonly { readonly text: string }[])[],
): TextResampling {
  const texts = tasks.map((prompts) => {
    const places = prompts.map(({ text }, place) => ({ text, place }));
    return [...grouped(places, ({ text }) => text).values()].map((own) =>
      own.map(({ place }) => place),
    );
  });
  return {
    resampling: strata(texts.map(({ length }) => length)),
    mean(values, drawn) {
      let total = 0;
      for (const [task, list] of values.entries()) {
        let [sum, count] = [0, 0];
        for (const text of drawn[task]!) {
          for (const place of texts[task]![text]!) {
            sum += list[place]!;
            count++;
          }
        }
        total += sum / count;
      }
      return total / values.length;
    },
    pValue(differences, seed) {
      const ofTexts = differences.flatMap((list, task) =>
        texts[task]!.map((own) => own.reduce((sum, at) => sum + list[at]!, 0) / list.length),
      );
      return signFlipPValue(ofTexts, { seed });
    },
  };
}
