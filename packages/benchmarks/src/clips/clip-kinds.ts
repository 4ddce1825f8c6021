import type { Random } from '@namm/core';
import type { ClipKindName, ClipQuestion, ClipStory, ClipThing } from './clip.js';
import { clipCounts, clipShapes } from './clip-words.js';

/** A kind of question. */
export interface ClipKind {
  readonly name: ClipKindName;
  /** Whether questions of this kind must not be used for learning or calibration. */
  readonly isHeldOut: boolean;
  /** A question about a story; null if there is nothing to ask. */
  ask(story: ClipStory, random: Random): Omit<ClipQuestion, 'kind'> | null;
}

/** The kinds of questions; a clip has one of each. */
export const clipKinds: readonly ClipKind[] = [
  {
    name: 'order',
    isHeldOut: false,
    ask: ({ events }) => ({ text: 'What came?', answer: events.map(nameOf) }),
  },
  {
    name: 'counting',
    isHeldOut: false,
    ask({ events }, random) {
      const shown = random.pick(events).shape;
      const shape = random.integer(6) === 0 ? random.pick(clipShapes) : shown;
      const count = events.filter((event) => event.shape === shape).length;
      return { text: `How many times did a ${shape} come?`, answer: [clipCounts[count]!] };
    },
  },
  {
    name: 'needle',
    isHeldOut: false,
    ask({ events }) {
      const needle = events.find(({ isBright }) => isBright)!;
      return { text: 'What came in the bright frame?', answer: [nameOf(needle)] };
    },
  },
  {
    name: 'first',
    isHeldOut: false,
    ask({ events }, random) {
      const names = [...new Set(events.map(nameOf))];
      if (names.length < 2) return null;
      const [one, other] = random.sample(names, 2);
      const first = names.indexOf(one!) < names.indexOf(other!) ? one! : other!;
      return { text: `Which came first, the ${one} or the ${other}?`, answer: [first] };
    },
  },
  {
    name: 'colour-change',
    isHeldOut: false,
    ask({ events }) {
      const later = events.find((event, i) => events.slice(0, i).some(hasTurnedInto(event)));
      if (later === undefined || !isLonely(later, events)) return null;
      return { text: `Which colour did the ${later.shape} turn?`, answer: [later.colour] };
    },
  },
  {
    name: 'last-seen',
    isHeldOut: false,
    ask({ events }) {
      const names = events.map(nameOf);
      const again = names.findLast((name, i) => names.indexOf(name) < i);
      if (again === undefined) return null;
      const { place } = events[names.lastIndexOf(again)]!;
      return { text: `Where was the ${again} last?`, answer: [place] };
    },
  },
  {
    name: 'after',
    isHeldOut: true,
    ask({ events }, random) {
      const names = events.map(nameOf);
      const once = names.slice(0, -1).filter((name) => isOnce(name, names));
      if (once.length === 0) return null;
      const name = random.pick(once);
      const answer = [names[names.indexOf(name) + 1]!];
      return { text: `What came after the ${name}?`, answer };
    },
  },
  {
    name: 'where',
    isHeldOut: true,
    ask({ events }, random) {
      const names = events.map(nameOf);
      const once = names.filter((name) => isOnce(name, names));
      if (once.length === 0) return null;
      const name = random.pick(once);
      return { text: `Where was the ${name}?`, answer: [events[names.indexOf(name)]!.place] };
    },
  },
];

/** Such as `red ring`. */
function nameOf({ colour, shape }: ClipThing): string {
  return `${colour} ${shape}`;
}

const isOnce = (name: string, names: readonly string[]) =>
  names.indexOf(name) === names.lastIndexOf(name);

const hasTurnedInto = (later: ClipThing) => (thing: ClipThing) =>
  thing.shape === later.shape && thing.colour !== later.colour;

/** Whether a shape comes in two events and no more, so that there is one change. */
const isLonely = ({ shape }: ClipThing, events: readonly ClipThing[]) =>
  events.filter((event) => event.shape === shape).length === 2;
