import { InvalidArgumentError } from '@namm/core';
import type { PlannedFact, TaskFamily } from '../types.js';
import { attributes, values, valuesByAttribute } from '../words.js';
import { proseDistractor } from './prose-distractor.js';

/**
 * Aggregation: `Vote pet falcon.` stands several times, for one candidate more often than for any other, who have
 * one vote each; asked as `Most pet`. No single fact holds the answer.
 */
export const votes: TaskFamily = {
  name: 'votes',
  filler: 'prose',
  size(length) {
    return length < 96
      ? { facts: 5, questions: 1, stale: 0 }
      : { facts: 12, questions: 2, stale: 0 };
  },
  plan(random, size) {
    const perPoll = Math.floor(size.facts / size.questions);
    const winning = Math.ceil(perPoll / 2);
    const most = valuesByAttribute[attributes[0]!].length;
    if (winning < 2 || perPoll - winning >= most) {
      throw new InvalidArgumentError(
        'facts',
        `a poll needs 3 to ${2 * most - 2} votes, ${size.facts} for ${size.questions} questions are ${perPoll}`,
      );
    }
    if (size.questions > attributes.length) {
      throw new InvalidArgumentError('questions', `there are ${attributes.length} polls at most`);
    }
    const polls = random.sample(attributes, size.questions).map((trait) => {
      const [winner, ...others] = random.sample(valuesByAttribute[trait], perPoll - winning + 1);
      return { trait, winner: winner!, others };
    });
    const facts = polls.flatMap(({ trait, winner, others }, question) =>
      [...Array.from({ length: winning }, () => winner), ...others].map(
        (candidate): PlannedFact => ({
          kind: 'fact',
          text: ` Vote ${trait} ${candidate}.`,
          questions: [question],
        }),
      ),
    );
    return {
      facts: random.shuffled(facts),
      questions: polls.map(({ trait, winner }) => ({
        text: `\nQ: Most ${trait}`,
        answer: ` ${winner}`,
        stop: '.',
      })),
      distractor: proseDistractor(
        polls.map(({ trait }) => trait),
        values,
      ),
    };
  },
};
