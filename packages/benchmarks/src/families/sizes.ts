import { InvalidArgumentError, type Random } from '@namm/core';
import type { TaskSize } from '../types.js';

/** The size most families use at a length in tokens: as much as leaves room for some filler. */
export function defaultSize(length: number): TaskSize {
  if (length < 96) return { facts: 4, questions: 2, stale: 0 };
  if (length < 192) return { facts: 6, questions: 3, stale: 0 };
  return { facts: 8, questions: 4, stale: 0 };
}

/** The same, with older versions of some facts that later ones overwrite. */
export function sizeWithStale(length: number): TaskSize {
  const stale = length < 96 ? 0 : length < 192 ? 1 : 2;
  return { ...defaultSize(length), stale };
}

/** Draws the things to ask about, each at most once. */
export function distinctQuestions<T>(random: Random, items: readonly T[], count: number): T[] {
  if (count > items.length) {
    throw new InvalidArgumentError(
      'questions',
      `${count} is more than the ${items.length} facts there are`,
    );
  }
  return random.sample(items, count);
}

/** Takes the next word of a shuffled pool. */
export function takeWord(pool: string[]): string {
  const word = pool.pop();
  if (word === undefined) {
    throw new InvalidArgumentError('facts', 'so many need more words than there are');
  }
  return word;
}
