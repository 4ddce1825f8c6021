/** JSON that people can read too: indented, but each list of numbers on one line. */
export const jsonText = (value: unknown): string =>
  // Line breaks within texts are escaped, so that those found here are of the layout.
  JSON.stringify(value, null, 2).replace(
    /\[\n\s+(-?[\d.e+-]+(?:,\n\s+-?[\d.e+-]+)*)\n\s+\]/g,
    (_, numbers: string) => `[${numbers.replace(/,\n\s+/g, ', ')}]`,
  );
