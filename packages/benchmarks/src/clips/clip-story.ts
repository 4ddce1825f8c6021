import type { Random } from '@namm/core';
import type { ClipEvent, ClipRest, ClipStory, ClipThing } from './clip.js';
import { type ClipColour, clipColours, clipPlaces, clipShapes } from './clip-words.js';

const colours = Object.keys(clipColours) as ClipColour[];

/**
 * Draws what happens in a clip. Of three things or more, one comes twice at different places; of five or more, a shape
 * comes back in another colour too. Which of the two it is among three or four is drawn.
 *
 * @param length frames; at least twice as many as events
 */
export function drawStory(random: Random, length: number, count: number): ClipStory {
  const things = drawThings(random, count);
  const bright = random.integer(count);
  const passages = drawPassages(random, length, count);
  const places = drawPlaces(random, things);
  const events: ClipEvent[] = [];
  const rests: ClipRest[] = [];
  let frame = 0;
  for (let i = 0; i <= count; i++) {
    const still = passages[i]!;
    if (still > 0 && random.integer(2) === 0) {
      const rest = { shape: random.pick(clipShapes), place: random.pick(clipPlaces) };
      rests.push({ ...rest, frame, frames: still });
    }
    frame += still;
    if (i === count) break;
    // A frame is taken from the passage behind, where that is long enough.
    const isLong = i !== bright && passages[i + 1]! > 1 && random.integer(2) === 0;
    if (isLong) passages[i + 1]!--;
    const frames = isLong ? 2 : 1;
    events.push({ ...things[i]!, place: places[i]!, frame, frames, isBright: i === bright });
    frame += frames;
  }
  return { length, events, rests };
}

function drawThings(random: Random, count: number): ClipThing[] {
  const isRepeating = count >= 5 || (count >= 3 && random.integer(2) === 0);
  const isChanging = count >= 5 || (count >= 3 && !isRepeating);
  const [changing, ...shapes] = random.shuffled(clipShapes);
  const things: ClipThing[] = [];
  if (isChanging) {
    for (const colour of random.sample(colours, 2)) things.push({ colour, shape: changing! });
  }
  const others = (isChanging ? shapes : clipShapes).flatMap((shape) =>
    colours.map((colour) => ({ colour, shape })),
  );
  const singles = random.sample(others, count - things.length - (isRepeating ? 1 : 0));
  if (isRepeating) things.push(singles[0]!);
  return random.shuffled([...things, ...singles]);
}

/** Frames of the still passages before, between and behind events of one frame each; at least one between two. */
function drawPassages(random: Random, length: number, count: number): number[] {
  const free = length - 2 * count + 1;
  const cuts = Array.from({ length: count }, () => random.integer(free + 1)).sort((a, b) => a - b);
  return Array.from({ length: count + 1 }, (_, i) => {
    const still = (cuts[i] ?? free) - (cuts[i - 1] ?? 0);
    return still + (i > 0 && i < count ? 1 : 0);
  });
}

/** A place for each; what comes again comes to another place. */
function drawPlaces(random: Random, things: readonly ClipThing[]) {
  const taken = new Map<string, string>();
  return things.map(({ colour, shape }) => {
    const name = `${colour} ${shape}`;
    const place = random.pick(clipPlaces.filter((each) => each !== taken.get(name)));
    taken.set(name, place);
    return place;
  });
}
