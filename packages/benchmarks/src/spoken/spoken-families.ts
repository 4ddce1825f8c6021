import type { Random } from '@namm/core';
import type { TaskFamily } from '../types.js';
import { names, nouns, surnames, towns, valuesByAttribute } from '../words.js';
import type { PromptFrame } from './prompt-frame.js';
import { simpleFacts } from './simple-facts.js';
import { type SpokenFact, type SpokenParts, spokenFamily } from './spoken-family.js';

const trades = list(
  'baker carpenter clockmaker doctor fisherman gardener lawyer miller painter printer sailor ' +
    'surgeon tailor teacher weaver',
);
const instruments = list('violin flute cello harp piano trumpet guitar organ drum clarinet');
const rooms = list('attic cellar kitchen library nursery pantry stable workshop parlour chapel');
const things = list('lantern telescope ledger compass sword globe clock trunk mirror saddle');

/** Numbers that are read digit by digit. */
const number = (random: Random, digits: number) =>
  String(10 ** (digits - 1) + random.integer(9 * 10 ** (digits - 1)));

/** Full names, no two of which share a part. */
function people(random: Random, count: number): string[] {
  const last = random.sample(surnames, count);
  return random.sample(names, count).map((first, i) => `${first} ${last[i]}`);
}

const from = (words: readonly string[]) => (random: Random, count: number) =>
  random.sample(words, count);

const suite: readonly SpokenParts[] = [
  simpleFacts('birthplace', {
    subjects: people,
    values: from(towns),
    sentence: (who, town) => `${who} was born in the town of ${town}.`,
    question: (who) => `In which town was ${who} born?`,
    start: (who) => `${who} was born in the town of`,
  }),
  simpleFacts('trade', {
    subjects: people,
    values: from(trades),
    sentence: (who, trade) => `For many years ${who} had worked as a ${trade}.`,
    question: (who) => `What did ${who} work as?`,
    start: (who) => `${who} worked as a`,
  }),
  simpleFacts('keeping', {
    subjects: from(things),
    values: from(rooms),
    sentence: (thing, room) => `The ${thing} was always kept in the ${room}.`,
    question: (thing) => `Where was the ${thing} kept?`,
    start: (thing) => `The ${thing} was kept in the`,
  }),
  simpleFacts('code', {
    subjects: (random, count) =>
      random.sample(valuesByAttribute.color, count).map((color) => `${color} safe`),
    values: (random, count) => Array.from({ length: count }, () => number(random, 4)),
    sentence: (safe, code) => `The number that opens the ${safe} is ${code}.`,
    question: (safe) => `Which number opens the ${safe}?`,
    start: (safe) => `The number that opens the ${safe} is`,
  }),
  simpleFacts('instrument', {
    subjects: people,
    values: from(instruments),
    sentence: (who, instrument) => `As a child ${who} learned to play the ${instrument}.`,
    question: (who) => `Which instrument did ${who} learn to play?`,
    start: (who) => `${who} learned to play the`,
  }),
  simpleFacts('inscription', {
    subjects: (random, count) => random.sample(things, count),
    values: (random, count) => {
      const words = random.sample(nouns, 4 * count);
      return Array.from({ length: count }, (_, i) => words.slice(4 * i, 4 * i + 4).join(' '));
    },
    sentence: (thing, words) => `On the ${thing} these words were written: ${words}.`,
    question: (thing) => `Which words were written on the ${thing}?`,
    start: (thing) => `On the ${thing} these words were written:`,
  }),
  {
    ...simpleFacts('changed price', {
      subjects: from(things),
      values: (random, count) => Array.from({ length: count }, () => number(random, 2)),
      sentence: (thing, price) => `From then on the price of the ${thing} was ${price} shillings.`,
      question: (thing) => `What was the price of the ${thing} in the end?`,
      start: (thing) => `In the end the price of the ${thing} was`,
    }),
    facts(random, count) {
      return random.sample(things, count).map((thing): SpokenFact => {
        const [old, price] = [number(random, 2), number(random, 2)];
        return {
          sentences: [`Later the price of the ${thing} was changed to ${price} shillings.`],
          older: `At first the price of the ${thing} was ${old} shillings.`,
          question: `What was the price of the ${thing} in the end?`,
          start: `In the end the price of the ${thing} was`,
          answer: ` ${price}`,
        };
      });
    },
  },
  {
    ...simpleFacts('owner', {
      subjects: from(things),
      values: from(towns),
      sentence: (thing, town) => `The ${thing} came from ${town}.`,
      question: (thing) => `Where did the ${thing} come from?`,
      start: (thing) => `The ${thing} came from`,
    }),
    facts(random, count) {
      const [owners, places] = [people(random, count), random.sample(towns, count)];
      return random.sample(things, count).map(
        (thing, i): SpokenFact => ({
          sentences: [
            `The ${thing} belonged to ${owners[i]}.`,
            `The house of ${owners[i]} stood in ${places[i]}.`,
          ],
          question: `In which town did the owner of the ${thing} live?`,
          start: `The owner of the ${thing} lived in`,
          answer: ` ${places[i]}`,
        }),
      );
    },
  },
];

/** Names of the families of {@link spokenFamilies}. */
export const spokenFamilyNames: readonly string[] = suite.map(({ name }) => name);

/**
 * Families in whole sentences, for real models: a birthplace, an occupation, where a thing is kept, a four-digit
 * number, an instrument, four words to copy, a price that changed, and a question that needs two places in the text.
 * Each asks about three facts hidden in real prose.
 *
 * @param frame how questions are put, such as {@link chatFrame}
 */
export function spokenFamilies(frame: PromptFrame): TaskFamily[] {
  return suite.map((parts) => spokenFamily(parts, frame));
}

function list(words: string): readonly string[] {
  return words.split(' ');
}
