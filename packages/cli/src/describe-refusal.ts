/**
 * What commander says of options, in the form that all other errors have: `--option: what is wrong`.
 *
 * @param args what was given beside options
 * @param unknown options that were given and that there are not: one of them may be meant by one that is missing
 */
export function describeRefusal(
  text: string,
  args: readonly string[] = [],
  unknown: readonly string[] = [],
): string {
  const [misspelt] = unknown;
  const also = misspelt === undefined ? '' : `; '${misspelt}' is not an option`;
  const [, expected] = /too many arguments.* Expected (\d+)/.exec(text) ?? [];
  if (expected !== undefined) {
    const word = args[Number(expected)] ?? '';
    return `'${word}' is not a command, nor does it belong to an option; --help shows what there is`;
  }
  return text
    .trim()
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .replace(/^required option '(?:-\w, )?(--[\w-]+)[^']*' not specified$/, `$1: is missing${also}`)
    .replace(/^option '(?:-\w, )?(--[\w-]+)[^']*' argument missing$/, '$1: needs a value')
    .replace(/^option '(?:-\w, )?(--[\w-]+)[^']*' argument '.*' is invalid\. /, '$1: ')
    .replace(/^--([\w-]+): \1: /, '--$1: ') // a parameter of the option's name
    .replace(/^(--[\w-]+: .*)\.$/, '$1');
}
