import { Command } from '@commander-js/extra-typings';
import { suggestName } from '@namm/core';
import type { CommanderError, Option } from 'commander';
import { nameFrom } from './option-parsers.js';

/** What other programs call an option, with what it is called here, where there is one. */
const aliases: Readonly<Record<string, string>> = {
  '--max-new-tokens': '--max-tokens',
  '--n-predict': '--max-tokens',
  '--num-predict': '--max-tokens',
  '--output': '--out',
  '--checkpoint-file': '--checkpoint',
  '--temp': '--temperature',
  '--cache-type': '--cache-dtype',
  '--input': '--prompt-file',
  '--file': '--prompt-file',
};

/**
 * A command that says at once all that is wrong with its command line: unknown options first, with what was probably
 * meant, then values that are none and options that contradict each other, then all that is missing.
 */
export class CheckedCommand extends Command {
  #operands: readonly string[] = [];
  #unknown: readonly string[] = [];
  /** What is wrong with the values given, while the command line is parsed. */
  #wrong: string[] | null = null;
  /** The flags given so far, by the attribute that they set. */
  #given = new Map<string, string>();

  constructor(name?: string) {
    super(name);
    // Of no use to the types, whose `addOption` gathers the names and types of options.
    const add = this.addOption.bind(this) as (option: Option) => this;
    this.addOption = ((option: Option) => this.#watch(add, option)) as typeof this.addOption;
  }

  override createCommand(name?: string): CheckedCommand {
    return new CheckedCommand(name);
  }

  override parseOptions(words: string[]): { operands: string[]; unknown: string[] } {
    const wrong: string[] = [];
    this.#wrong = wrong;
    this.#given = new Map();
    const parsed = super.parseOptions(words);
    this.#wrong = null;
    this.#operands = parsed.operands;
    this.#unknown = parsed.unknown;
    this.#refuseOptionsBefore(parsed.operands[0]);
    const asksForHelp = parsed.unknown.some((word) => word === '--help' || word === '-h');
    if (wrong.length > 0 && !asksForHelp) this.#refuse(wrong);
    return parsed;
  }

  /** Adds an option whose values are read, and counted, without an end at the first one that is wrong. */
  #watch(add: (option: Option) => this, option: Option): this {
    const flag = option.long ?? option.flags;
    if (option.argChoices !== undefined) option.argParser(nameFrom(option.argChoices));
    const { parseArg } = option;
    if (parseArg !== undefined) {
      option.parseArg = <T>(text: string, previous: T): T => {
        try {
          return parseArg(text, previous);
        } catch (error) {
          const { code, message } = error as CommanderError;
          if (this.#wrong === null || code !== 'commander.invalidArgument') throw error;
          this.#wrong.push(withFlag(flag, message));
          return previous;
        }
      };
    }
    add(option);
    this.on(`option:${option.name()}`, () => {
      const attribute = option.attributeName();
      const before = this.#given.get(attribute);
      this.#given.set(attribute, flag);
      if (before === undefined || option.variadic) return;
      const problem =
        before === flag ? `${flag}: is given twice` : `${flag}: contradicts ${before}`;
      if (!this.#wrong?.includes(problem)) this.#wrong?.push(problem);
    });
    return this;
  }

  // The three that commander calls, one for each kind of problem, at the first one of it.

  unknownOption(): void {
    this.#refuse();
  }

  missingMandatoryOptionValue(): void {
    this.#refuse();
  }

  missingArgument(): void {
    this.#refuse();
  }

  /** An option before the name of a command is not one of that command: it would do nothing. */
  #refuseOptionsBefore(word: string | undefined): void {
    const command = this.commands.find((one) => one.name() === word);
    if (command === undefined) return;
    const option = this.options.find(
      (one) => this.getOptionValueSource(one.attributeName() as never) === 'cli',
    );
    if (option === undefined) return;
    const isIts = command.options.some(({ long }) => long === option.long);
    const advice = isIts ? 'write it behind the command' : `'${word}' has no such option`;
    this.error(`${option.long}: stands before '${word}'; ${advice}`);
  }

  #refuse(wrong: readonly string[] = []): void {
    const unknown = this.#unknown
      .filter((word) => /^-(-|[a-z])/i.test(word) && word !== '--')
      .map((word) => word.split('=')[0]!);
    const flags = this.createHelp()
      .visibleOptions(this)
      .flatMap(({ long }) => long ?? []);
    const known = Object.entries(aliases).filter(([, flag]) => flags.includes(flag));
    const suggestions = unknown.map((flag) =>
      flag.startsWith('--') ? suggestName(flag, flags, Object.fromEntries(known)) : null,
    );
    const named = unknown.map((flag, i) => {
      const meant = suggestions[i];
      if (meant) return `'${flag}' (Did you mean ${meant}?)`;
      const owner = this.commands.find(({ options }) => options.some(({ long }) => long === flag));
      return owner ? `'${flag}' (it is one of ${owner.name()}, behind that word)` : `'${flag}'`;
    });
    const missing = this.options
      .filter((option) => option.mandatory)
      .filter((option) => this.getOptionValue(option.attributeName() as never) === undefined)
      .flatMap(({ long }) => (long && !suggestions.includes(long) ? long : []));
    // What stands behind an unknown option may be its value or an argument.
    const absent = this.registeredArguments
      .slice(this.#operands.length)
      .filter((argument) => argument.required && unknown.length === 0)
      .map((argument) => `<${argument.name()}>`);
    const all = [...missing, ...absent];
    const problems = [
      ...(named.length === 0 ? [] : [`unknown option${plural(named)} ${named.join(', ')}`]),
      ...wrong,
      ...(all.length === 0 ? [] : [`${all.join(', ')}: ${all.length > 1 ? 'are' : 'is'} missing`]),
    ];
    this.error(problems.join('; '));
  }
}

/** A refused value in the form of all errors; what names the option already is not named again. */
function withFlag(flag: string, problem: string): string {
  const text = problem.trim().replace(/\.$/, '');
  return text.startsWith(`${flag.replace(/^--/, '')}: `) ? `--${text}` : `${flag}: ${text}`;
}

const plural = (all: readonly unknown[]) => (all.length > 1 ? 's' : '');
