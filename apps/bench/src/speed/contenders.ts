import type { MeasureRequest } from './measure-request.js';
import type { PreparedModels } from './prepare-models.js';

/** Who is measured, in the order of the table. */
export const contenders = ['transformers.js', 'ours', 'ours, 25 % kept'] as const;
export type Contender = (typeof contenders)[number];

export interface RunSizes {
  readonly length: number;
  readonly newTokens: number;
  readonly seed: number;
}

/** What a process has to do to measure a contender. */
export function requestOf(
  contender: Contender,
  models: PreparedModels,
  sizes: RunSizes,
): MeasureRequest {
  const isPeer = contender === 'transformers.js';
  return {
    ...sizes,
    runtime: isPeer ? 'transformers.js' : 'ours',
    folder: isPeer ? models.peer : models.ours,
    budget: contender === 'ours, 25 % kept' ? Math.max(1, Math.floor(sizes.length / 4)) : null,
    logitsFile: null,
  };
}
