import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { checkInteger, checkNames } from '@namm/core';
import { type Evaluator, InProcessEvaluator, WorkerPoolEvaluator } from '@namm/evolve';
import { TaughtAssessor, type TaughtUnit } from './taught-assessor.js';
import type { TaughtScore } from './taught-score.js';
import type { TaughtAssessorSettings } from './taught-settings.js';

/**
 * Loads a model for evaluating taught scorers; the results are the same bits with any number of threads.
 *
 * @param options worker threads, each with the model to itself; 1 is the calling thread
 */
export async function taughtEvaluator(
  settings: TaughtAssessorSettings,
  options: { readonly workers?: number } = {},
): Promise<Evaluator<TaughtUnit, TaughtScore>> {
  const { workers = 1 } = checkNames('taughtEvaluator', options, ['workers']);
  checkInteger('workers', workers, 1);
  if (workers === 1) return new InProcessEvaluator(await TaughtAssessor.load(settings));
  const script = pathToFileURL(
    createRequire(import.meta.url).resolve('@namm/evolve-policies/worker'),
  );
  return WorkerPoolEvaluator.start({ script, settings, workers });
}
