import { NammError } from '@namm/core';

/** Something about a run folder is in the way of working with it; what it holds is unchanged. */
export class RunFolderError extends NammError {
  constructor(folder: string, problem: string, options: { readonly cause?: unknown } = {}) {
    super('RUN_FOLDER', `${folder}: ${problem}`, { ...options, details: { folder } });
  }
}

/**
 * A generation could not be evaluated: no candidate, or the evaluator gave back what are not scores. The run stands as
 * it was before the generation.
 */
export class EvaluationError extends NammError {
  constructor(generation: number, problem: string) {
    super('EVALUATION', `generation ${generation}: ${problem}`, { details: { generation } });
  }
}
