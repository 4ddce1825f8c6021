import { checkChoice, checkInteger, checkNames, InvalidArgumentError, Random } from '@namm/core';
import { splits } from '../splits.js';
import type { Split } from '../types.js';
import type { Clip } from './clip.js';
import { clipKinds } from './clip-kinds.js';
import { drawStory } from './clip-story.js';

/** What a clip is made from. */
export interface ClipOptions {
  /** Frames, from 2 to 100,000. */
  readonly length: number;
  readonly split: Split;
  /** A non-negative safe integer. */
  readonly seed: number;
  /** Number of the clip; every index gives a different one. */
  readonly index: number;
  /**
   * Number of things that appear, 1 to 12; at most half the number of frames. @defaultValue 4 to 8, fewer in short
   * clips
   */
  readonly events?: number;
}

const mostEvents = 12;

/**
 * Makes a synthetic clip: coloured shapes that appear for a frame or two in a quarter of the picture, long still
 * passages between them, and a question of each kind. The same options give the same clip, byte for byte.
 *
 * @throws {InvalidArgumentError} when a number is out of range, or the clip is too short for its events
 * @example
 * ```ts
 * const clip = generateClip({ length: 64, split: 'test', seed: 1, index: 0 });
 * clip.questions; // [{ kind: 'order', text: 'What came?', answer: ['red ring', 'blue bar', …] }, …]
 * ```
 */
export function generateClip(options: ClipOptions): Clip {
  const names = ['length', 'split', 'seed', 'index', 'events'] as const;
  const { length, split, seed, index, events } = checkNames('generateClip', options, names);
  checkInteger('length', length, 2);
  if (length > 100_000) throw new InvalidArgumentError('length', `${length} is above 100,000`);
  checkChoice('split', split, splits);
  checkInteger('index', index, 0);
  if (events !== undefined) checkInteger('events', events, 1);
  const random = new Random(seed, splits.indexOf(split), length, index);
  const most = Math.min(8, Math.floor(length / 2.4) || 1);
  const least = Math.max(1, Math.min(4, most - 1));
  const count = events ?? least + random.integer(most - least + 1);
  if (count > mostEvents || 2 * count > length) {
    const problem = `${count} are more than ${Math.min(mostEvents, Math.floor(length / 2))}, which ${length} frames have room for`;
    throw new InvalidArgumentError('events', problem);
  }
  const story = drawStory(random, length, count);
  const questions = clipKinds.flatMap(({ name, ask }) => {
    const question = ask(story, random);
    return question === null ? [] : [{ kind: name, ...question }];
  });
  return { id: `${split}/${length}/${seed}/${index}`, split, seed, index, ...story, questions };
}
