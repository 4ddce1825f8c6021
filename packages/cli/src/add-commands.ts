import type { Command } from '@commander-js/extra-typings';

/** Loads a command and adds it to a program, by the command's name; one that adds several stands under each of their names. */
export type LazyCommands = Readonly<Record<string, (program: Command) => Promise<unknown>>>;

/**
 * Adds the command that the arguments of the process name, or all where they name none: a program loads what it is
 * about to do, and not what its other commands need.
 *
 * @param program of {@link createProgram}
 * @param commands by name
 *
 * @example
 * ```ts
 * await addCommands(program, {
 *   run: async (to) => (await import('./run-command.js')).addRunCommand(to),
 * });
 * ```
 */
export async function addCommands(program: Command, commands: LazyCommands): Promise<void> {
  const [, , name = ''] = process.argv;
  const chosen = Object.hasOwn(commands, name)
    ? [commands[name]!]
    : new Set(Object.values(commands));
  for (const add of chosen) await add(program);
}
