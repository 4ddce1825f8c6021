import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { checkInteger, checkNames } from '@namm/core';
import { type Evaluator, InProcessEvaluator, WorkerPoolEvaluator } from '@namm/evolve';
import {
  ControlAssessor,
  type ControlAssessorSettings,
  type ControlRequest,
} from './control-assessor.js';
import type { ControlScore, ControlUnit } from './control-score.js';

/** Evaluator that plays episodes. */
export type ControlEvaluator = Evaluator<ControlUnit, ControlScore, ControlRequest>;

/**
 * Loads an agent for playing episodes under policies; the results are the same bits with any number of threads.
 *
 * @param options workers: number of threads, each with its own agent; 1, the default, is the calling thread
 * @throws {InvalidArgumentError} for an invalid option, or an environment that does not match the agent
 * @throws {EvaluationWorkerError} when a thread cannot load the agent
 */
export async function controlEvaluator(
  settings: ControlAssessorSettings,
  options: { readonly workers?: number; readonly workerFile?: URL } = {},
): Promise<ControlEvaluator> {
  const { workers = 1, workerFile } = checkNames('controlEvaluator', options, [
    ...(['workers', 'workerFile'] as const),
  ]);
  checkInteger('workers', workers, 1);
  if (workers === 1) return new InProcessEvaluator(await ControlAssessor.load(settings));
  const script =
    workerFile ??
    pathToFileURL(createRequire(import.meta.url).resolve('@namm/evolve-policies/worker'));
  return WorkerPoolEvaluator.start({ script, settings, workers });
}
