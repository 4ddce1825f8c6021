import { createRequire } from 'node:module';
import type { Command, CommandUnknownOpts } from '@commander-js/extra-typings';
import { CommanderError, Help, InvalidArgumentError, type Option } from 'commander';
import { CheckedCommand } from './checked-command.js';
import { describeError, describeStreamError } from './describe-error.js';
import { describeRefusal } from './describe-refusal.js';
import { exitCodes } from './exit-codes.js';
import { Interruption } from './interruption.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

/**
 * Begins a program of the house: every error is one line, `NAME: what was wrong`, and {@link exitCodes} say how it ended.
 * Commands that are added to it do the same.
 *
 * @param name as users call it
 */
export function createProgram(name: string, description: string): Command {
  const program: Command = new CheckedCommand(name)
    .description(description)
    .version(`${name} ${version} on Node ${process.versions.node}`)
    .enablePositionalOptions() // options belong to the command that they stand behind
    .exitOverride() // exit code 1 is for what a command finds
    .configureHelp({
      showGlobalOptions: false,
      minWidthToWrap: 16, // terminals of 60 columns too
      optionDescription: describeOption,
    })
    .configureOutput({
      outputError: (text, write) =>
        write(
          `${calledAs(program)}: ${describeRefusal(
            text,
            program.args,
            program.commands.map((command) => command.name()),
          )}\n`,
        ),
    });
  return program;
}

const help = new Help();

/** Lists that are defaults stand with spaces, so that lines can break in them; of what has a name, its name. */
function describeOption(option: Option): string {
  const text = help.optionDescription(option);
  const { defaultValue } = option;
  if (!Array.isArray(defaultValue)) return text;
  if (defaultValue.length === 0) return text.replace(' (default: [])', '');
  const shown = defaultValue.map((each: unknown) =>
    typeof each === 'object' && each !== null && 'name' in each ? each.name : each,
  );
  return text.replace(JSON.stringify(defaultValue), shown.join(', '));
}

/** Its name behind those of the programs that it is a command of: `llm serve`. */
function calledAs(program: Pick<CommandUnknownOpts, 'name' | 'parent'>): string {
  const { parent } = program;
  return parent === null ? program.name() : `${calledAs(parent)} ${program.name()}`;
}

/**
 * Runs a program on the arguments of the process. A closed pipe, as behind `| head`, ends it quietly.
 *
 * @param program of {@link createProgram}, with its commands
 */
export async function runProgram(program: Command): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    console.error(`${program.name()}: ${describeStreamError('standard output', error)}`);
    process.exit(exitCodes.failed);
  });
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? undefined : exitCodes.failed); // there is nowhere to say it
  });
  let called: Pick<Command, 'options'> = program;
  program.hook('preAction', (_, command) => {
    called = command;
  });
  try {
    await program.parseAsync();
  } catch (error) {
    // A value that a parser refuses outside of commander is reported like any other error.
    if (error instanceof CommanderError && !(error instanceof InvalidArgumentError)) {
      process.exitCode = error.exitCode === 0 ? 0 : exitCodes.failed; // commander has said why
    } else if (error instanceof Interruption) {
      process.exitCode = exitCodes.interrupted;
    } else {
      console.error(`${program.name()}: ${describeError(error, called.options)}`);
      process.exitCode = exitCodes.failed;
    }
  }
}
