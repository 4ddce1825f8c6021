/** What the codes of the operating system mean to somebody who has named a file. */
const systemProblems: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EISDIR: 'is a folder, where a file is needed',
  ENOTDIR: 'is a file, where a folder is needed',
  EACCES: 'may not be read or written',
  EPERM: 'may not be read or written',
  EEXIST: 'exists already',
  ENOSPC: 'has no room left on its disk',
  EROFS: 'is on a disk that cannot be written',
};

/** One line for any error, without a stack or codes of the operating system. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, path } = error as NodeJS.ErrnoException;
  const problem = code === undefined ? undefined : systemProblems[code];
  if (problem !== undefined && path !== undefined) return `${path} ${problem}`;
  return error.message.trim().replaceAll(/\s*\n\s*/g, ' ');
}
