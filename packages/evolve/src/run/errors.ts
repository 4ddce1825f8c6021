import { NammError } from '@namm/core';

/** A run folder cannot be used; its contents are unchanged. */
export class RunFolderError extends NammError {
  constructor(folder: string, problem: string, options: { readonly cause?: unknown } = {}) {
    super('RUN_FOLDER', `${folder}: ${problem}`, { ...options, details: { folder } });
  }
}

/**
 * A generation could not be evaluated: every candidate failed, or the evaluator returned something other than scores.
 * The run is as it was before the generation.
 */
export class EvaluationError extends NammError {
  constructor(generation: number, problem: string) {
    super('EVALUATION', `generation ${generation}: ${problem}`, { details: { generation } });
  }
}
