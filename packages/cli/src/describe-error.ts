import { NammError } from '@namm/core';

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

/** An option of a command as far as messages name it. */
interface NamedOption {
  readonly long?: string | undefined;
  attributeName(): string;
}

/**
 * One line for any error, without a stack or codes of the operating system.
 *
 * @param error whatever was thrown
 * @param options of the command that was called: where a package refuses `maxTokens`, its user wrote `--max-tokens`
 */
export function describeError(error: unknown, options: readonly NamedOption[] = []): string {
  if (!(error instanceof Error)) return String(error);
  const { code, path } = error as NodeJS.ErrnoException;
  const problem = code === undefined ? undefined : systemProblems[code];
  if (problem !== undefined && path !== undefined) return `${path} ${problem}`;
  const text = error.message.trim().replaceAll(/\s*\n\s*/g, ' ');
  if (!NammError.isInstance(error)) return text;
  const { argument } = error.details;
  const named = options.find((option) => option.attributeName() === argument)?.long;
  return named && text.startsWith(`${argument}: `)
    ? named + text.slice(`${argument}`.length)
    : text;
}
