/** What commander says of options, in the form that all other errors have: `--option: what is wrong`. */
export function describeRefusal(text: string): string {
  return text
    .trim()
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .replace(/^required option '(?:-\w, )?(--[\w-]+)[^']*' not specified$/, '$1: is missing')
    .replace(/^option '(?:-\w, )?(--[\w-]+)[^']*' argument missing$/, '$1: needs a value')
    .replace(/^option '(?:-\w, )?(--[\w-]+)[^']*' argument '.*' is invalid\. /, '$1: ')
    .replace(/^(--[\w-]+: .*)\.$/, '$1');
}
