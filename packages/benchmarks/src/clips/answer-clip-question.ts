import { InvalidArgumentError } from '@namm/core';
import type { ClipEvent, ClipThing } from './clip.js';
import { clipCounts } from './clip-words.js';

/** Answers, by what a question says. */
const answers: readonly [
  pattern: RegExp,
  answer: (events: readonly ClipEvent[], named: readonly string[]) => readonly string[],
][] = [
  [/^What came\?$/, (events) => events.map(name)],
  [
    /^How many times did a (\w+) come\?$/,
    (events, [shape]) => [clipCounts[events.filter((event) => event.shape === shape).length]!],
  ],
  [
    /^What came in the bright frame\?$/,
    (events) => events.filter(({ isBright }) => isBright).map(name),
  ],
  [
    /^Which came first, the (\w+ \w+) or the (\w+ \w+)\?$/,
    (events, named) => [name(events.find((event) => named.includes(name(event)))!)],
  ],
  [
    /^Which colour did the (\w+) turn\?$/,
    (events, [shape]) => [events.findLast((event) => event.shape === shape)!.colour],
  ],
  [
    /^Where was the (\w+ \w+) last\?$/,
    (events, [thing]) => [events.findLast((event) => name(event) === thing)!.place],
  ],
  [
    /^What came after the (\w+ \w+)\?$/,
    (events, [thing]) => [name(events[events.findIndex((event) => name(event) === thing) + 1]!)],
  ],
  [
    /^Where was the (\w+ \w+)\?$/,
    (events, [thing]) => [events.find((event) => name(event) === thing)!.place],
  ],
];

/**
 * The oracle: answers a question about a clip using only the list of its events and the text of the question.
 *
 * @param text of the question
 * @param events in order
 * @returns the right answer, as in {@link ClipQuestion.answer}
 * @throws {InvalidArgumentError} when the text matches no kind of question
 */
export function answerClipQuestion(text: string, events: readonly ClipEvent[]): readonly string[] {
  for (const [pattern, answer] of answers) {
    const match = pattern.exec(text);
    if (match) return answer(events, match.slice(1));
  }
  throw new InvalidArgumentError('text', `no clip asks '${text}'`);
}

function name({ colour, shape }: ClipThing): string {
  return `${colour} ${shape}`;
}
