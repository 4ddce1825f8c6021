import type { Random } from '@namm/core';
import type { TaskFamily } from '../types.js';
import type { PromptFrame } from './prompt-frame.js';
import { simpleFacts } from './simple-facts.js';
import { type SpokenParts, spokenFamily } from './spoken-family.js';

const first = list(
  'Abigail Bernard Cecily Dorothy Edmund Frances George Harriet Isaac Judith Kenneth Lucy Martin Nora ' +
    'Oliver Philip Rachel Stephen Theodore Violet Walter Agnes Basil Celia',
);
const last = list(
  'Abbott Bridges Collins Draper Emerson Forster Gibson Hughes Ingram Jordan Knight Lambert Morton ' +
    'Newman Parker Quincey Rowland Spencer Turner Vincent Warren Yates',
);
const dishes = list('soup mutton trout pudding cheese pie porridge goose pancakes beans');
const animals = list('dog cat pony donkey hawk raven spaniel terrier goose mule');
const pets = list('Bramble Duchess Captain Pepper Smoke Merlin Ginger Shadow Rufus Juno');
const colours = list('scarlet grey crimson black white violet yellow brown green blue');
const garments = list('coat bonnet shawl cloak waistcoat gown scarf glove hat ribbon');
const ships = list(
  'Albatross Fortune Swallow Endeavour Phoenix Mermaid Neptune Victory Sparrow Rover',
);
const days = list('Monday Tuesday Wednesday Thursday Friday Saturday Sunday');
const months = list('January February March April May June July August September October');
const trees = list('oak elm birch willow cedar chestnut poplar maple ash pine');
const illnesses = list('fever cough gout measles jaundice toothache rheumatism cholera');
const lands = list('Egypt Portugal Norway India Russia Brazil Greece Canada Persia Sweden');
const gifts = list('watch necklace brooch purse fan book snuffbox umbrella kite doll');
const villages = list(
  'Brookfield Eastcote Fairford Greystone Hillcrest Kingsley Millbrook Newbury Ravenhill Sandford',
);

const people = (random: Random, count: number) => {
  const surnames = random.sample(last, count);
  return random.sample(first, count).map((name, i) => `${name} ${surnames[i]}`);
};
const of = (words: readonly string[]) => (random: Random, count: number) =>
  random.sample(words, count);
const numbers = (least: number, most: number) => (random: Random, count: number) =>
  Array.from({ length: count }, () => String(least + random.integer(most - least)));

/** Kinds of facts; none of them, and hardly a word, is of `spokenFamilies`. */
const kinds: readonly SpokenParts[] = [
  simpleFacts('dish', {
    ...{ subjects: people, values: of(dishes) },
    sentence: (who, dish) => `The favourite dish of ${who} was ${dish}.`,
    question: (who) => `What did ${who} like to eat best?`,
    start: (who) => `${who} liked best to eat`,
  }),
  simpleFacts('pet', {
    ...{ subjects: people, values: of(pets) },
    sentence: (who, name) => `${who} had an old dog that answered to the name of ${name}.`,
    question: (who) => `What was the dog of ${who} called?`,
    start: (who) => `The dog of ${who} was called`,
  }),
  simpleFacts('garment', {
    ...{ subjects: of(garments), values: of(colours) },
    sentence: (garment, colour) => `The ${garment} that hung by the door was ${colour}.`,
    question: (garment) => `Which colour had the ${garment} by the door?`,
    start: (garment) => `The colour of the ${garment} was`,
  }),
  simpleFacts('captain', {
    ...{ subjects: of(ships), values: people },
    sentence: (ship, who) => `The captain of the ship ${ship} was ${who}.`,
    question: (ship) => `Who was the captain of the ${ship}?`,
    start: (ship) => `The captain of the ${ship} was`,
  }),
  simpleFacts('visit', {
    ...{ subjects: people, values: of(days) },
    sentence: (who, day) => `${who} came to see them every ${day}.`,
    question: (who) => `On which day did ${who} come?`,
    start: (who) => `${who} came every`,
  }),
  simpleFacts('wedding', {
    ...{ subjects: people, values: of(months) },
    sentence: (who, month) => `It was in ${month} that ${who} was married.`,
    question: (who) => `In which month was ${who} married?`,
    start: (who) => `${who} was married in`,
  }),
  simpleFacts('debt', {
    ...{ subjects: people, values: numbers(20, 900) },
    sentence: (who, pounds) => `${who} still owed them ${pounds} pounds.`,
    question: (who) => `How many pounds did ${who} owe?`,
    start: (who) => `The debt of ${who} was`,
  }),
  simpleFacts('age', {
    ...{ subjects: people, values: numbers(20, 90) },
    sentence: (who, age) => `At that time ${who} was ${age} years old.`,
    question: (who) => `How old was ${who}?`,
    start: (who) => `The age of ${who} was`,
  }),
  simpleFacts('tree', {
    ...{ subjects: of(villages), values: of(trees) },
    sentence: (village, tree) => `In the middle of ${village} there stood an ancient ${tree}.`,
    question: (village) => `Which tree stood in the middle of ${village}?`,
    start: (village) => `In the middle of ${village} stood an old`,
  }),
  simpleFacts('illness', {
    ...{ subjects: people, values: of(illnesses) },
    sentence: (who, illness) => `All that winter ${who} suffered from ${illness}.`,
    question: (who) => `What did ${who} suffer from?`,
    start: (who) => `${who} suffered from`,
  }),
  simpleFacts('journey', {
    ...{ subjects: people, values: of(lands) },
    sentence: (who, land) => `${who} had just come back from a journey to ${land}.`,
    question: (who) => `Which country had ${who} travelled to?`,
    start: (who) => `${who} had travelled to`,
  }),
  simpleFacts('gift', {
    ...{ subjects: people, values: of(gifts) },
    sentence: (who, gift) => `As a present ${who} was given a ${gift}.`,
    question: (who) => `What present was given to ${who}?`,
    start: (who) => `The present given to ${who} was a`,
  }),
  simpleFacts('animal', {
    ...{ subjects: of(villages), values: of(animals) },
    sentence: (village, animal) => `The sign of the inn at ${village} showed a ${animal}.`,
    question: (village) => `What did the sign of the inn at ${village} show?`,
    start: (village) => `The sign of the inn at ${village} showed a`,
  }),
];

/** How many kinds of facts {@link practiceFamily} knows. */
export const practiceKinds = kinds.length;

/**
 * Facts of many kinds, one sentence each, to teach a scorer what questions ask about; the kinds alternate. Kinds and
 * words differ from `spokenFamilies`, so that those can test what a scorer has learned.
 *
 * @param frame how questions are put
 */
export function practiceFamily(frame: PromptFrame): TaskFamily {
  const family = spokenFamily(
    {
      name: 'practice',
      facts: (random, count) =>
        Array.from({ length: count }, (_, i) => kinds[i % kinds.length]!.facts(random, 1)[0]!),
      distractor: (random) => random.pick(kinds).distractor(random),
    },
    frame,
  );
  return { ...family, size: () => ({ facts: practiceKinds, questions: practiceKinds, stale: 0 }) };
}

function list(words: string): readonly string[] {
  return words.split(' ');
}
