import { CommandHost, type CommandResult } from './command-host.ts';

/**
 * Runs a program on several lists of arguments, one after the other in one process of {@link CommandHost}.
 *
 * @param program path of its module
 * @throws {Error} when the process dies, with what it said
 *
 * @example
 * ```ts
 * const [help] = await runCommands('dist/cli.js', [['--help']]);
 * expect(help.status).toBe(0);
 * ```
 */
export async function runCommands(
  program: string,
  runs: readonly (readonly string[])[],
): Promise<CommandResult[]> {
  const host = new CommandHost(program);
  try {
    return await Promise.all(runs.map((args) => host.run(args)));
  } finally {
    host.stop();
  }
}
