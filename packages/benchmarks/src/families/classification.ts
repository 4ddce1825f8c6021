import type { PlannedFact, TaskFamily } from '../types.js';
import { attributes, labels, values, valuesByAttribute } from '../words.js';
import { proseDistractor } from './prose-distractor.js';
import { defaultSize, takeWord } from './sizes.js';

/**
 * Few-shot classification: `Sort falcon as kappa.` gives an example; `Sort otter as` asks for the label of another
 * word of a category. Which label stands for which category is drawn for each prompt.
 */
export const classification: TaskFamily = {
  name: 'classification',
  filler: 'prose',
  size: defaultSize,
  plan(random, size) {
    const count = size.facts >= 8 ? 3 : 2;
    const categories = random.sample(attributes, count);
    const drawnLabels = random.sample(labels, count);
    const pools = categories.map((category) => random.shuffled(valuesByAttribute[category]));
    const draw = (category: number) => takeWord(pools[category]!);
    const asked = Array.from({ length: size.questions }, () => random.integer(count));
    const questions = asked.map((category) => ({
      text: `\nQ: Sort ${draw(category)} as`,
      answer: ` ${drawnLabels[category]!}`,
      stop: '.',
    }));
    const facts = Array.from({ length: size.facts }, (_, index): PlannedFact => {
      const category = index % count;
      return {
        kind: 'fact',
        text: ` Sort ${draw(category)} as ${drawnLabels[category]!}.`,
        questions: asked.flatMap((other, question) => (other === category ? [question] : [])),
      };
    });
    return {
      facts: random.shuffled(facts),
      questions,
      distractor: proseDistractor([...drawnLabels, ...labels], values),
    };
  },
};
