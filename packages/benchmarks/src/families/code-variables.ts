import type { PlannedFact, TaskFamily } from '../types.js';
import { values, variables } from '../words.js';
import { distinctQuestions } from './sizes.js';

/** Variables of a program: `total = falcon;`, some assigned again later; the last value counts. */
export const codeVariables: TaskFamily = {
  name: 'code-variables',
  filler: 'code',
  size(length) {
    if (length < 96) return { facts: 3, questions: 2, stale: 1 };
    if (length < 192) return { facts: 4, questions: 3, stale: 2 };
    return { facts: 5, questions: 4, stale: 3 };
  },
  plan(random, size) {
    const drawn = random.sample(variables, size.facts);
    const asked = distinctQuestions(random, drawn, size.questions);
    const pool = random.sample(values, size.facts + size.stale);
    const order = random.shuffled([
      ...drawn,
      ...Array.from({ length: size.stale }, () => random.pick(drawn)),
    ]);
    const last = new Map(order.map((variable, position) => [variable, position]));
    const facts = order.map((variable, position): PlannedFact => {
      const holds = last.get(variable) === position;
      return {
        kind: holds ? 'fact' : 'stale',
        text: `\n    ${variable} = ${pool[position]!};`,
        questions: holds && asked.includes(variable) ? [asked.indexOf(variable)] : [],
      };
    });
    return {
      facts,
      questions: asked.map((variable) => ({
        text: `\nQ: ${variable} =`,
        answer: ` ${pool[last.get(variable)!]!}`,
        stop: ';',
      })),
      distractor: (source) => `\n    log( ${source.pick(drawn)}, ${source.pick(values)});`,
    };
  },
};
