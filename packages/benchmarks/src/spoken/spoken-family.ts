import type { Random } from '@namm/core';
import { plantStale } from '../families/plant-stale.js';
import { distinctQuestions } from '../families/sizes.js';
import type { PlannedFact, TaskFamily } from '../types.js';
import type { PromptFrame } from './prompt-frame.js';

/** Something that is said in the text, and asked for later. */
export interface SpokenFact {
  /** Sentences that say it, each somewhere in the text. */
  readonly sentences: readonly string[];
  /** The same with another value, which a later sentence overrules; only where facts change. */
  readonly older?: string;
  readonly question: string;
  /** How an answer begins. */
  readonly start: string;
  /** What it has to go on with; begins with a blank. */
  readonly answer: string;
}

/** What of a family is its own. */
export interface SpokenParts {
  readonly name: string;
  /** Draws different facts; no two have the same subject or value. */
  facts(random: Random, count: number): SpokenFact[];
  /** A sentence like those of the facts that answers no question. */
  distractor(random: Random): string;
}

/** Three facts, all of them asked for: long prompts are for the filler. */
const spokenSize = { facts: 3, questions: 3, stale: 0 };

/** A family of whole sentences, in a frame. */
export function spokenFamily(parts: SpokenParts, frame: PromptFrame): TaskFamily {
  return {
    name: parts.name,
    filler: 'prose',
    size: () => spokenSize,
    plan(random, size) {
      const live = parts.facts(random, size.facts);
      const asked = distinctQuestions(random, live, size.questions);
      const planted = live.flatMap((fact) =>
        fact.sentences.map((sentence): PlannedFact & { readonly of: SpokenFact } => ({
          kind: 'fact',
          text: ` ${sentence}`,
          questions: asked.flatMap((other, index) => (other === fact ? [index] : [])),
          of: fact,
        })),
      );
      const shuffled = random.shuffled(planted);
      const changing = shuffled.filter(({ of }) => of.older !== undefined).length;
      const facts = plantStale(
        random,
        shuffled,
        changing,
        (index) => ` ${shuffled[index]!.of.older}`,
      );
      return {
        facts: facts.map(({ kind, text, questions }) => ({ kind, text, questions })),
        questions: asked.map(({ question, start, answer }) => {
          return { text: frame.ask(question, start), answer, stop: frame.stop };
        }),
        distractor: (own) => ` ${parts.distractor(own)}`,
      };
    },
  };
}
