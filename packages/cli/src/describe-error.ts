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

/** What went wrong with a stream that is no file with a name, such as standard output. */
export function describeStreamError(name: string, error: NodeJS.ErrnoException): string {
  return `${name} ${systemProblems[error.code ?? ''] ?? `cannot be written: ${error.message}`}`;
}

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
  const { argument, needed, limit } = error.details;
  const isOffered = (flag: string) => options.some(({ long }) => long === flag);
  const reaching = ['--compact', '--rope-factor'].filter(isOffered);
  if (error.code === 'POSITION_LIMIT' && reaching.length > 0 && !text.includes('are learned')) {
    const budget = isOffered('--budget') ? ['--budget in tokens or bytes'] : [];
    const ways = [...budget, ...reaching].join(', ');
    return `text and answer would take ${needed} positions, and the model has ${limit}; give ${ways}, or a shorter text`;
  }
  const called = (name: string) => options.find((option) => option.attributeName() === name)?.long;
  // One of several values, as of `--lengths`, is refused as the `length` of what is made from it.
  const named = called(`${argument}`) ?? called(`${argument}s`);
  const told =
    named && text.startsWith(`${argument}: `) ? named + text.slice(`${argument}`.length) : text;
  return told.replace(/`(\w+)`/g, (quoted, name) => called(name) ?? quoted);
}
