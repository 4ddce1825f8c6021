import { basename, isAbsolute } from 'node:path';

/**
 * The command as others could give it, for the provenance of what it makes: of folders on this machine only the last
 * name.
 *
 * @param program its name
 * @param words behind it
 *
 * @example
 * ```ts
 * commandLine('bench', ['evolve', '--out', '/home/me/run']); // 'bench evolve --out run'
 * ```
 */
export function commandLine(
  program: string,
  words: readonly string[] = process.argv.slice(2),
): string {
  return [program, ...words.map((word) => (isAbsolute(word) ? basename(word) : word))].join(' ');
}
