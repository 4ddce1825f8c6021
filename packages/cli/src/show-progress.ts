import type { ProgressListener } from '@namm/core';
import { ProgressLine } from './progress-line.js';

/**
 * Shows on one line how far a job has come while it runs.
 *
 * @param unit what is counted
 * @param job is given the listener to tell, whose stages are named on the line, and what clears the line for something
 *   else to be printed
 * @returns what the job returns
 * @throws what the job throws, when the line is cleared
 *
 * @example
 * ```ts
 * const table = await showProgress('prompts', (onProgress) => measure({ ...plan, onProgress }));
 * ```
 */
export async function showProgress<Result>(
  unit: string,
  job: (onProgress: ProgressListener, clear: () => void) => Promise<Result>,
): Promise<Result> {
  const line = new ProgressLine(unit);
  const clear = () => line.clear();
  return job((event) => line.update(event, event.stage), clear).finally(clear);
}
