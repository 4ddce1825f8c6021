import { NammError } from '@namm/core';

/** Something about a run folder is in the way of working with it; what it holds is unchanged. */
export class RunFolderError extends NammError {
  constructor(folder: string, problem: string, options: { readonly cause?: unknown } = {}) {
    super('RUN_FOLDER', `${folder}: ${problem}`, { ...options, details: { folder } });
  }
}

/** No member of a generation could be evaluated. The run stands as it was before the generation. */
export class EvaluationError extends NammError {
  constructor(generation: number, problem: string) {
    const what = `no member of generation ${generation} could be evaluated`;
    super('EVALUATION', `${what}; the first said: ${problem}`, { details: { generation } });
  }
}
