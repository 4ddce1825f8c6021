import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { checkInteger, checkNames } from '@namm/core';
import { type Evaluator, InProcessEvaluator, WorkerPoolEvaluator } from '@namm/evolve';
import type { TextAssessorSettings } from './model-settings.js';
import { type MeasureRequest, TextAssessor, type TextUnit } from './text-assessor.js';
import type { TextScore } from './text-score.js';

/** Evaluator that answers prompts. */
export type TextEvaluator = Evaluator<TextUnit, TextScore, MeasureRequest>;

/** Options of {@link textEvaluator}. */
export interface TextEvaluatorOptions {
  /** Number of worker threads, each with its own model; 1 is the calling thread. @defaultValue 1 */
  readonly workers?: number;
  /**
   * The script of the threads, for programs that are bundled without a `node_modules` folder.
   * @defaultValue `@namm/evolve-policies/worker`
   */
  readonly workerFile?: URL;
}

/**
 * Loads a model for scoring policies on prompts; the results are the same bits with any number of threads.
 *
 * @throws {InvalidArgumentError} for an invalid option
 * @throws {EvaluationWorkerError} when a thread cannot load the model; in this thread, whatever `Decoder.load` throws
 * @example
 * ```ts
 * const evaluator = await textEvaluator({ model, trainable: trainableSettings('namm', 64) }, { workers: 4 });
 * ```
 */
export async function textEvaluator(
  settings: TextAssessorSettings,
  options: TextEvaluatorOptions = {},
): Promise<TextEvaluator> {
  const { workers = 1, workerFile } = checkNames('textEvaluator', options, [
    ...(['workers', 'workerFile'] as const),
  ]);
  checkInteger('workers', workers, 1);
  if (workers === 1 && workerFile === undefined) {
    return new InProcessEvaluator(await TextAssessor.load(settings));
  }
  const script =
    workerFile ??
    pathToFileURL(createRequire(import.meta.url).resolve('@namm/evolve-policies/worker'));
  return WorkerPoolEvaluator.start({ script, settings, workers });
}
