import { suggestName } from '@namm/core';

/**
 * What commander says of options, in the form that all other errors have: `--option: what is wrong`.
 *
 * @param args what was given beside options
 * @param commands names of those that there are
 */
export function describeRefusal(
  text: string,
  args: readonly string[] = [],
  commands: readonly string[] = [],
): string {
  const [, expected] = /too many arguments.* Expected (\d+)/.exec(text) ?? [];
  if (expected !== undefined) {
    const word = args[Number(expected)] ?? '';
    const meant = suggestName(word, commands);
    const question = meant === null ? '' : ` (Did you mean ${meant}?)`;
    return `'${word}' is not a command${question}, nor does it belong to an option; --help shows what there is`;
  }
  return text
    .trim()
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .replace(/^option '(?:-\w, )?(--[\w-]+)[^']*' argument missing$/, '$1: needs a value')
    .replace(/^option '(?:-\w, )?(--[\w-]+)[^']*' argument '.*' is invalid\. /, '$1: ')
    .replace(/^command-argument value '.*' is invalid for argument '(.*?)'\. (.*?)\.?$/, '<$1>: $2')
    .replace(/^--([\w-]+): \1: /, '--$1: ') // a parameter of the option's name
    .replace(/^(--[\w-]+: .*)\.$/, '$1');
}
