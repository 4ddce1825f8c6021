import { checkInteger, checkNames, InvalidArgumentError, noneOf } from '@namm/core';
import type { PublicItem, PublicTask } from '../data/public-task.js';
import { scoreRuler } from '../scores/score-ruler.js';
import type { BuiltSample } from './build-sample.js';
import type { RulerSources } from './ruler-sources.js';
import { type RulerTask, rulerAnswerTokens, rulerTasks } from './ruler-tasks.js';
import type { RulerWording } from './ruler-wording.js';
import { sampleMaker } from './sample-maker.js';

/** Options of {@link generateRuler}. */
export interface GenerateRulerOptions {
  /** Names of tasks. @defaultValue all 13, without those whose questions the sources lack */
  readonly tasks?: readonly string[];
  /** Tokens of a prompt and its answer together. */
  readonly length: number;
  /** Samples of each task. */
  readonly samples: number;
  readonly seed: number;
  readonly sources: RulerSources;
  readonly wording: RulerWording;
  /** Tokens of a text, without special ones around it: a BOS token does not count. */
  readonly countTokens: (text: string) => number;
  /** Tokens that the chat template of the model puts around each prompt: they count. @defaultValue 0, no template */
  readonly templateTokens?: number;
}

/**
 * Generates tasks of RULER for a tokenizer and a length. Each task uses the largest haystack that fits; a sample that
 * still comes out too long gets a smaller one. The same seed gives the same samples.
 *
 * @throws {InvalidArgumentError} for an unknown task, or a length too short for the hidden text
 * @example
 * ```ts
 * const [task] = generateRuler({
 *   ...{ tasks: ['niah_multikey_1'], length: 4096, samples: 25, seed: 42, sources },
 *   wording: await readRulerWording('RULER'),
 *   countTokens: (text) => tokenizer.encode(text, { addSpecialTokens: false }).length,
 * });
 * ```
 */
export function generateRuler(options: GenerateRulerOptions): PublicTask[] {
  checkNames('generateRuler', options, [
    ...(['tasks', 'length', 'samples', 'seed', 'sources', 'wording', 'countTokens'] as const),
    'templateTokens',
  ]);
  const { length, samples, seed, sources, wording, countTokens, templateTokens = 0 } = options;
  checkInteger('length', length, 1);
  checkInteger('samples', samples, 1);
  const isThere = (name: string) => {
    const task = rulerTasks[name]!;
    return task.kind !== 'qa' || sources[task.questions] !== null;
  };
  const names = options.tasks ?? Object.keys(rulerTasks).filter(isThere);
  return names.map((name) => {
    const task = rulerTasks[name];
    if (task === undefined) {
      const problem = noneOf(name, Object.keys(rulerTasks));
      throw new InvalidArgumentError('tasks', problem);
    }
    const sampleOf = sampleMaker({
      ...{ name, task, length, seed, sources, wording, countTokens, templateTokens },
      ...{ number: Object.keys(rulerTasks).indexOf(name) },
      answerTokens: rulerAnswerTokens[task.kind],
    });
    const items = Array.from({ length: samples }, (_, index): PublicItem => {
      return itemOf(task, String(index), sampleOf(index));
    });
    return taskOf(`${name} ${length}`, task, items);
  });
}

/** A sample as an item that scores itself. */
export function itemOf(
  task: RulerTask,
  id: string,
  { input, question, answerPrefix, outputs }: BuiltSample,
): PublicItem {
  const kind = task.kind === 'qa' ? 'part' : 'all';
  return {
    ...{ id, prompt: input, question, answerPrefix, groups: {} },
    score: (prediction, quirks) => scoreRuler(kind, prediction, outputs, quirks),
  };
}

export function taskOf(
  name: string,
  task: RulerTask,
  items: readonly PublicItem[],
  problems: PublicTask['problems'] = [],
): PublicTask {
  return {
    ...{ benchmark: 'RULER', name, family: task.kind, maxNewTokens: rulerAnswerTokens[task.kind] },
    ...{ usesChatTemplate: true, firstLineOnly: false, items, problems },
  };
}
