import type { Command } from 'commander';

/**
 * The flag of the first option that the command line gave and that is looked for, for refusals of options that mean
 * nothing beside what else was asked for.
 *
 * @param isLookedFor is told the names of options, as in `maxTokens`
 */
export function givenFlag(
  command: Pick<Command, 'options' | 'getOptionValueSource'>,
  isLookedFor: (name: string) => boolean,
): string | undefined {
  return command.options.find((option) => {
    const name = option.attributeName();
    return command.getOptionValueSource(name) === 'cli' && isLookedFor(name);
  })?.long;
}
