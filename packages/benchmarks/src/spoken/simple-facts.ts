import type { Random } from '@namm/core';
import { nouns } from '../words.js';
import type { SpokenFact, SpokenParts } from './spoken-family.js';

/** Facts of one sentence about a subject, with a value: no two have the same subject or value. */
export function simpleFacts(
  name: string,
  draw: {
    subjects(random: Random, count: number): readonly string[];
    values(random: Random, count: number): readonly string[];
    sentence(subject: string, value: string): string;
    question(subject: string): string;
    start(subject: string): string;
  },
): SpokenParts {
  return {
    name,
    facts(random, count) {
      const values = draw.values(random, count);
      return draw.subjects(random, count).map(
        (subject, i): SpokenFact => ({
          sentences: [draw.sentence(subject, values[i]!)],
          question: draw.question(subject),
          start: draw.start(subject),
          answer: ` ${values[i]}`,
        }),
      );
    },
    distractor: (random) =>
      random.pick([
        `They had spoken of the ${random.pick(nouns)} all the way.`,
        `Nobody had seen the ${random.pick(nouns)} since the spring.`,
        `The old ${random.pick(nouns)} was not mentioned again.`,
      ]),
  };
}
