import type { PlannedFact, TaskFamily } from '../types.js';
import { keys, nouns, values } from '../words.js';
import { plantStale } from './plant-stale.js';
import { proseDistractor } from './prose-distractor.js';
import { distinctQuestions, sizeWithStale } from './sizes.js';

/** Keys with values of two words: `Key amber holds river falcon.`, asked as `Key amber holds`. */
export const keyValue: TaskFamily = {
  name: 'key-value',
  filler: 'prose',
  size: sizeWithStale,
  plan(random, size) {
    const drawn = random.sample(keys, size.facts);
    const draw = () => `${random.pick(nouns)} ${random.pick(values)}`;
    const live = drawn.map((key) => ({ key, value: draw() }));
    const asked = distinctQuestions(random, live, size.questions);
    const facts = live.map(
      (fact): PlannedFact => ({
        kind: 'fact',
        text: ` Key ${fact.key} holds ${fact.value}.`,
        questions: asked.flatMap((other, index) => (other === fact ? [index] : [])),
      }),
    );
    return {
      facts: plantStale(
        random,
        facts,
        size.stale,
        (index) => ` Key ${drawn[index]!} holds ${draw()}.`,
      ),
      questions: asked.map(({ key, value }) => ({
        text: `\nQ: Key ${key} holds`,
        answer: ` ${value}`,
        stop: '.',
      })),
      distractor: proseDistractor([...drawn, ...keys], [...nouns, ...values]),
    };
  },
};
