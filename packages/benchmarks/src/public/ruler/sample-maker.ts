import { InvalidArgumentError, Random } from '@namm/core';
import {
  assignments,
  type BuiltSample,
  buildSample,
  largestSize,
  smallestSize,
} from './build-sample.js';
import type { RulerSources } from './ruler-sources.js';
import type { RulerTask } from './ruler-tasks.js';
import type { RulerWording } from './ruler-wording.js';

/** Tokens of the example that vt begins with, noise included; of a short prompt half as many as it may have. */
const exampleTokens = 500;

/** What samples of a task are made for. */
export interface SampleMakerRecord {
  /** For messages. */
  readonly name: string;
  readonly task: RulerTask;
  /** Tells the random numbers of this task from those of others. */
  readonly number: number;
  /** Tokens of a prompt and its answer together. */
  readonly length: number;
  readonly answerTokens: number;
  /** Tokens that a chat template puts around each prompt; they count. @defaultValue 0 */
  readonly templateTokens?: number;
  readonly seed: number;
  readonly sources: RulerSources;
  readonly wording: RulerWording;
  readonly countTokens: (text: string) => number;
}

/**
 * Makes samples by their number that are as long as they may be: the largest haystack is sought that fits, and a sample that
 * still comes out too long gets a smaller one.
 *
 * @returns the sample of a number, with its needle at a depth if one is given; throws an {@link InvalidArgumentError} when
 *   the length has no room for what is hidden
 */
export function sampleMaker(
  made: SampleMakerRecord,
): (index: number, depth?: number) => BuiltSample {
  const { name, task, number, answerTokens, seed, sources, wording, countTokens } = made;
  const { length, templateTokens = 0 } = made;
  const smallest = smallestSize(task);
  let exampleLines = smallest;
  const build = (size: number, index: number, depth: number | undefined) => {
    const parts = { sources, wording, length, templateTokens, index, exampleLines };
    const random = new Random(seed, number, index);
    return buildSample(task, size, random, { ...parts, ...(depth !== undefined && { depth }) });
  };
  const tokensOf = ({ input, answerPrefix }: BuiltSample) =>
    templateTokens + countTokens(input + answerPrefix) + answerTokens;
  const fits = (size: number) => tokensOf(build(size, 0, undefined)) <= length;
  if (task.kind === 'vt') {
    const most = Math.min(exampleTokens, length / 2);
    const isShort = (lines: number) => {
      const example = { lines, nameLength: 3 };
      const random = new Random(seed, number, 0);
      const { input, answerPrefix } = assignments(task, example, random, wording);
      return countTokens(input + answerPrefix) <= most;
    };
    if (isShort(smallest)) exampleLines = largestThatFits(smallest, Infinity, isShort);
    if (!fits(smallest)) exampleLines = smallest;
  }
  const size = fits(smallest)
    ? largestThatFits(smallest, largestSize(task, sources), fits)
    : smallest;
  return (index, depth) => {
    for (let own = size; ; ) {
      const sample = build(own, index, depth);
      const tokens = tokensOf(sample);
      if (tokens <= length) return sample;
      if (own === smallest) {
        const problem = `${length} tokens are too few for ${name}: the shortest sample has ${tokens}`;
        throw new InvalidArgumentError('length', problem);
      }
      const over = Math.ceil(((tokens - length) / tokens) * own);
      own = Math.max(smallest, own - Math.max(1, over));
    }
  };
}

/** By doubling, then by halving. */
function largestThatFits(smallest: number, most: number, fits: (size: number) => boolean): number {
  let [low, high] = [smallest, Math.min(most, 2 * smallest)];
  while (high > low && fits(high)) [low, high] = [high, Math.min(most, 2 * high)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}
