import type { PlannedFact, TaskFamily } from '../types.js';
import { attributes, names, values, valuesByAttribute } from '../words.js';
import { plantStale } from './plant-stale.js';
import { proseDistractor } from './prose-distractor.js';
import { distinctQuestions, sizeWithStale, takeWord } from './sizes.js';

/**
 * Facts about persons, `Alice has pet falcon.`, asked as `Alice has pet`. Few names share few attributes, so
 * neither the name nor the attribute alone leads to the value.
 */
export const singleDocument: TaskFamily = {
  name: 'single-document',
  filler: 'prose',
  size: sizeWithStale,
  plan(random, size) {
    const wanted = Math.floor(Math.sqrt(size.facts)) + (size.facts >= 6 ? 1 : 0);
    const columns = Math.min(attributes.length, Math.max(2, wanted));
    const persons = random.sample(names, Math.ceil(size.facts / columns));
    const traits = random.sample(attributes, columns);
    const pairs = random
      .shuffled(persons.flatMap((person) => traits.map((trait) => ({ person, trait }))))
      .slice(0, size.facts);
    const pools = new Map(
      traits.map((trait) => [trait, random.shuffled(valuesByAttribute[trait])]),
    );
    const live = pairs.map(({ person, trait }) => ({
      stem: ` ${person} has ${trait}`,
      trait,
      value: takeWord(pools.get(trait)!),
    }));
    const asked = distinctQuestions(random, live, size.questions);
    const facts = live.map(
      (fact): PlannedFact => ({
        kind: 'fact',
        text: `${fact.stem} ${fact.value}.`,
        questions: asked.flatMap((other, index) => (other === fact ? [index] : [])),
      }),
    );
    return {
      facts: plantStale(random, facts, size.stale, (index) => {
        const { stem, trait } = live[index]!;
        return `${stem} ${takeWord(pools.get(trait)!)}.`;
      }),
      questions: asked.map(({ stem, value }) => ({
        text: `\nQ:${stem}`,
        answer: ` ${value}`,
        stop: '.',
      })),
      distractor: proseDistractor([...persons, ...names], values),
    };
  },
};
