/** Path of a file in `__fixtures__`. */
export const fixture = (name: string) =>
  new URL(`../__fixtures__/${name}`, import.meta.url).pathname;
