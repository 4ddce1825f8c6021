/**
 * A number with its noun, in the singular where there is one of it.
 *
 * @param noun one whose plural ends in s
 *
 * @example
 * ```ts
 * counted(1, 'passage'); // '1 passage'
 * counted(3, 'passage'); // '3 passages'
 * ```
 */
export const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`;
