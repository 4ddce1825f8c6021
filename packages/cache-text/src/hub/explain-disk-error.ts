import { DownloadError, type ModelFile } from '../errors.js';

const explanations: Record<string, string> = {
  ENOSPC: 'there is no space left on the disk of',
  EDQUOT: 'the quota is used up for',
  EACCES: 'this user may not write to',
  EPERM: 'this user may not write to',
  EROFS: 'nothing can be written to',
  ENOTDIR: 'something that is no folder stands in the way of',
  EEXIST: 'something that is no folder stands in the way of',
};

/** An error of ours for what went wrong while a download was stored. */
export function explainDiskError(where: ModelFile, folder: string, cause: unknown): DownloadError {
  const code = (cause as NodeJS.ErrnoException | null)?.code ?? '';
  const explanation = explanations[code] ?? 'nothing could be written to';
  const said = explanations[code] ? '' : ` (${String(cause)})`;
  const advice = 'make room there, or name another folder with `cache_dir` or `env.cacheDir`.';
  return new DownloadError(where, `${explanation} ${folder}${said}; ${advice}`, { cause });
}
