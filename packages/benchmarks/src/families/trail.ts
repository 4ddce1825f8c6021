import { InvalidArgumentError } from '@namm/core';
import type { PlannedFact, PlannedQuestion, TaskFamily } from '../types.js';
import { keys, nouns, values } from '../words.js';
import { proseDistractor } from './prose-distractor.js';

/** Tokens of length per stop of the trail; at 1,024 tokens the answer is about 260 tokens long. */
const tokensPerStop = 39;
const mostStops = 26;

/**
 * A long answer: `Stop amber sells river falcon tea; next cedar.` stands somewhere, in any order; one question names
 * the first stop, and the answer follows the trail to its end. Each stop is scored by itself (as a question whose
 * text is empty), so one mistake does not spoil the rest. Long enough that a cache is pruned while it is written.
 */
export const trail: TaskFamily = {
  name: 'trail',
  filler: 'prose',
  size(length) {
    const stops = Math.max(2, Math.min(mostStops, Math.floor(length / tokensPerStop)));
    return { facts: stops, questions: stops, stale: 0 };
  },
  plan(random, size) {
    if (size.questions !== size.facts) {
      throw new InvalidArgumentError(
        'questions',
        `the trail family scores every stop: ${size.facts}, not ${size.questions}`,
      );
    }
    if (size.facts > keys.length) {
      throw new InvalidArgumentError('facts', `there are names for ${keys.length} stops only`);
    }
    const stops = random.sample(keys, size.facts);
    // No word stands at two stops, so that what follows a word is never in doubt.
    const goods = random.sample([...nouns, ...values], 3 * size.facts);
    const lines = stops.map((_, index) => {
      const sold = goods.slice(3 * index, 3 * index + 3).join(' ');
      return `${sold}; next ${stops[index + 1] ?? 'home'}`;
    });
    const facts = stops.map(
      (stop, index): PlannedFact => ({
        kind: 'fact',
        text: ` Stop ${stop} sells ${lines[index]!}.`,
        questions: [index],
      }),
    );
    return {
      facts: random.shuffled(facts),
      questions: lines.map(
        (line, index): PlannedQuestion =>
          index === 0
            ? { text: `\nQ: Stop ${stops[0]!} sells`, answer: ` ${line}`, stop: '' }
            : { text: '', answer: `. Stop ${stops[index]!} sells ${line}`, stop: '' },
      ),
      distractor: proseDistractor(keys, [...nouns, ...values]),
    };
  },
};
