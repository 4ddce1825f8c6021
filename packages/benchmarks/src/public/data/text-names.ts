/**
 * Names texts: a function that gives equal texts one name, the id that came with the first of them.
 *
 * @example
 * ```ts
 * const nameOf = textNames();
 * nameOf('A book.', '1'); // '1'
 * nameOf('A book.', '7'); // '1'
 * ```
 */
export function textNames(): (text: string, id: string) => string {
  const names = new Map<string, string>();
  return (text, id) => {
    const known = names.get(text) ?? id;
    names.set(text, known);
    return known;
  };
}
