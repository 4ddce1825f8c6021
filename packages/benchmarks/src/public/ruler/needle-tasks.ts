import { checkInteger, InvalidArgumentError } from '@namm/core';
import type { PublicItem, PublicTask } from '../data/public-task.js';
import { itemOf } from './generate-ruler.js';
import type { RulerSources } from './ruler-sources.js';
import { rulerTasks } from './ruler-tasks.js';
import type { RulerWording } from './ruler-wording.js';
import { sampleMaker } from './sample-maker.js';

/** What a needle in a haystack is looked for in. */
export interface NeedleTasksRecord {
  /** Tokens of a prompt and its answer together; each is a task. */
  readonly lengths: readonly number[];
  /** Where the needle lies, 0 (the beginning of the essay) to 100 (its end). */
  readonly depths: readonly number[];
  /** Needles of each length; every one is hidden at every depth. */
  readonly samples: number;
  readonly seed: number;
  readonly sources: RulerSources;
  readonly wording: RulerWording;
  readonly countTokens: (text: string) => number;
  /** Tokens that a chat template puts around each prompt. @defaultValue 0 */
  readonly templateTokens?: number;
}

/** A number of seven digits, however a tokenizer cuts it, and some words before it. */
const answerTokens = 32;

/**
 * A needle in a haystack, over lengths and depths: RULER's niah_single_2 (a number in essays) with the needle at given
 * depths. A sample hides the same needle in the same essay at every depth, so that depths are compared on equal terms.
 * The items have the groups `length` and `depth`, from which a run's summary makes heat maps.
 *
 * @throws {InvalidArgumentError} for an invalid depth, or a length that is too short
 */
export function needleTasks(options: NeedleTasksRecord): PublicTask[] {
  const { lengths, depths, samples, ...parts } = options;
  checkInteger('samples', samples, 1);
  const wrong = depths.find((depth) => !(depth >= 0 && depth <= 100));
  if (wrong !== undefined) {
    throw new InvalidArgumentError('depths', `${wrong} does not lie between 0 and 100`);
  }
  const task = rulerTasks.niah_single_2!;
  return lengths.map((length) => {
    const name = `needle ${length}`;
    const sampleOf = sampleMaker({ ...parts, name, task, number: 100, length, answerTokens });
    const items = Array.from({ length: samples }, (_, index) =>
      depths.map((depth): PublicItem => {
        const item = itemOf(task, `${index} at ${depth}`, sampleOf(index, depth));
        return {
          ...item,
          text: String(index),
          groups: { length: String(length), depth: String(depth) },
        };
      }),
    ).flat();
    return {
      ...{ benchmark: 'Needle', name, family: 'needle', maxNewTokens: answerTokens },
      ...{ usesChatTemplate: true, firstLineOnly: false, items, problems: [] },
    };
  });
}
