import { InvalidArgumentError } from '@namm/core';
import type { PlannedFact, TaskFamily } from '../types.js';
import { attributes, names, values, valuesByAttribute } from '../words.js';
import { proseDistractor } from './prose-distractor.js';
import { defaultSize } from './sizes.js';

/**
 * Two facts per answer: `Alice serves Bruno.` and `Bruno has pet falcon.` The answer to `Alice serves` spells
 * both steps out: `Bruno and Bruno has pet falcon`.
 */
export const multiHop: TaskFamily = {
  name: 'multi-hop',
  filler: 'prose',
  size: defaultSize,
  plan(random, size) {
    const count = Math.max(1, Math.floor(size.facts / 2));
    if (size.questions > count) {
      throw new InvalidArgumentError(
        'questions',
        `${size.questions} questions need ${2 * size.questions} facts, not ${size.facts}`,
      );
    }
    const persons = random.sample(names, 2 * count);
    const chains = Array.from({ length: count }, (_, index) => {
      const trait = random.pick(attributes);
      return {
        worker: persons[2 * index]!,
        boss: persons[2 * index + 1]!,
        trait,
        value: random.pick(valuesByAttribute[trait]),
      };
    });
    // The order of the chains is random already, so the first ones are as good a choice as any.
    const facts = chains.flatMap(({ worker, boss, trait, value }, index): PlannedFact[] => {
      const questions = index < size.questions ? [index] : [];
      return [
        { kind: 'fact', text: ` ${worker} serves ${boss}.`, questions },
        { kind: 'fact', text: ` ${boss} has ${trait} ${value}.`, questions },
      ];
    });
    return {
      facts: random.shuffled(facts),
      questions: chains.slice(0, size.questions).map(({ worker, boss, trait, value }) => ({
        text: `\nQ: ${worker} serves`,
        answer: ` ${boss} and ${boss} has ${trait} ${value}`,
        stop: '.',
      })),
      distractor: proseDistractor([...persons, ...names], values),
    };
  },
};
