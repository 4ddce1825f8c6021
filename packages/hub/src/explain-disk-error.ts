import { diskProblem } from './disk-problem.js';
import { DownloadError, type ModelFile } from './errors.js';

/** An error of ours for what went wrong while a download was stored. */
export function explainDiskError(where: ModelFile, folder: string, cause: unknown): DownloadError {
  const advice = 'make room there, or name another folder for downloads.';
  return new DownloadError(where, `${diskProblem(folder, cause)}; ${advice}`, { cause });
}
