import { InvalidArgumentError, Random } from '@namm/core';
import type { BenchmarkSample, CountTokens, Segment } from './types.js';
import { entityWords } from './words.js';

/** What a repetition sample is made from. */
export interface RepetitionOptions {
  /** Target length in tokens, BOS included. */
  readonly length: number;
  readonly seed: number;
  readonly index: number;
  readonly countTokens: CountTokens;
}

/**
 * A sample for training only that teaches copying before any task does: random words are cut into two to eight pieces,
 * which are repeated in a different order after some other words. The first word of each repeated piece is a `question`
 * (nothing tells which piece comes), the rest is `answer`. The offset between the two is random, since a fixed one
 * would be learned instead of the words.
 *
 * @throws {InvalidArgumentError} when the length is below 32
 */
export function generateRepetition(options: RepetitionOptions): BenchmarkSample {
  const { length, seed, index, countTokens } = options;
  if (!Number.isInteger(length) || length < 32) {
    throw new InvalidArgumentError('length', `${length} is not a whole number from 32 on`);
  }
  const random = new Random(seed, 0, length, index);
  const draw = (count: number) =>
    Array.from({ length: count }, () => ` ${random.pick(entityWords)}`);
  const room = length - 1;
  const repeated = Math.floor(room * (0.25 + 0.2 * random.uniform()));
  const before = random.integer(room - 2 * repeated + 1);
  const middle = random.integer(room - 2 * repeated - before + 1);
  const words = draw(repeated);
  const count = 2 + random.integer(7);
  const cuts = [0, ...Array.from({ length: count - 1 }, () => random.integer(repeated)), repeated];
  cuts.sort((a, b) => a - b);
  const pieces = cuts.slice(1).map((end, number) => words.slice(cuts[number], end));
  const segments: Segment[] = [
    { kind: 'filler', text: draw(before).join('') },
    { kind: 'fact', text: words.join('') },
    { kind: 'filler', text: draw(middle).join('') },
  ];
  for (const [first, ...rest] of random.shuffled(pieces)) {
    if (first === undefined) continue;
    segments.push({ kind: 'question', text: first }, { kind: 'answer', text: rest.join('') });
  }
  const present = segments.filter(({ text }) => text !== '');
  return {
    id: `repetition/train/${length}/${seed}/${index}`,
    family: 'repetition',
    split: 'train',
    seed,
    index,
    length,
    tokens: 1 + present.reduce((sum, { text }) => sum + countTokens(text), 0),
    filler: '',
    segments: present,
  };
}
