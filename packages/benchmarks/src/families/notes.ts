import { InvalidArgumentError } from '@namm/core';
import type { PlannedFact, TaskFamily } from '../types.js';
import { nouns, ordinals, values } from '../words.js';
import { proseDistractor } from './prose-distractor.js';

/**
 * Marked lines to copy: `Note two: river falcon.` stands somewhere, in any order; one question asks for all of them
 * in order, `one: lamp tea; two: river falcon`, and the answer is right only if every line is.
 */
export const notes: TaskFamily = {
  name: 'notes',
  filler: 'prose',
  size: (length) => ({ facts: length < 96 ? 2 : 3, questions: 1, stale: 0 }),
  plan(random, size) {
    if (size.questions !== 1) {
      throw new InvalidArgumentError('questions', 'the notes family asks exactly one question');
    }
    if (size.facts > ordinals.length) {
      throw new InvalidArgumentError(
        'facts',
        `there are numbers for ${ordinals.length} notes only`,
      );
    }
    const lines = ordinals
      .slice(0, size.facts)
      .map((ordinal) => `${ordinal}: ${random.pick(nouns)} ${random.pick(values)}`);
    return {
      facts: random
        .shuffled(lines)
        .map((line): PlannedFact => ({ kind: 'fact', text: ` Note ${line}.`, questions: [0] })),
      questions: [{ text: '\nQ: Note', answer: ` ${lines.join('; ')}`, stop: '.' }],
      distractor: proseDistractor([...ordinals, ...values], nouns),
    };
  },
};
