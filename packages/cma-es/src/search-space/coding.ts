import type { Choice, Parameter } from './parameter.js';

/** How a parameter stands in the coordinates of a search, each of which goes from 0 to 1. */
export interface Coding {
  /** How many coordinates it takes. */
  readonly size: number;
  /** Deviation below which no coordinate of it falls. */
  readonly minimumDeviation: number;
  /** Where the search begins. */
  readonly start: Float64Array;
  /** The value at a point, given its own coordinates. */
  decode(coordinates: Float64Array): Choice;
  /** Coordinates of a value; null for what is none. */
  encode(value: unknown): Float64Array | null;
}

/**
 * Deviations away from the limit at which a sample of a normal distribution passes it with a probability of `share` at
 * least: the inverse of Pólya's bound Φ(x) ≤ ½ (1 + √(1 − e^(−2x²/π))), within 4 % of the exact quantile down to 1e-3.
 */
export function deviationsPassed(share: number): number {
  return Math.sqrt((-Math.PI / 2) * Math.log(4 * share * (1 - share)));
}

const within = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

/** Numbers that a function spreads evenly. */
function continuous(
  { low, high, start }: Extract<Parameter, { kind: 'linear' | 'log' }>,
  spread: (value: number) => number,
  gather: (value: number) => number,
): Coding {
  const [from, to] = [spread(low), spread(high)];
  // the difference of two halves: the whole one may leave the range of numbers
  const decode = ([u]: ArrayLike<number> & Iterable<number>) =>
    within(gather(from * (1 - u!) + to * u!), low, high);
  const encode = (value: unknown) => {
    if (typeof value !== 'number' || !(value >= low && value <= high)) return null;
    const place = (spread(value) / 2 - from / 2) / (to / 2 - from / 2);
    return Float64Array.of(within(place, 0, 1));
  };
  const begin = start === undefined ? Float64Array.of(0.5) : encode(start)!;
  return { size: 1, minimumDeviation: 0, start: begin, decode, encode };
}

/** Steps 0 … count − 1, of which each rounds from half a step below to half a step above. */
function steps(
  count: number,
  margin: number,
  start: number,
): Pick<Coding, 'size' | 'minimumDeviation' | 'start'> & {
  readonly stepAt: (coordinates: Float64Array) => number;
  readonly placeOf: (step: number) => Float64Array;
} {
  const last = count - 1;
  const placeOf = (step: number) => Float64Array.of(step / last);
  return {
    size: 1,
    minimumDeviation: 0.5 / last / deviationsPassed(margin),
    start: placeOf(start),
    stepAt: ([u]) => Math.round(u! * last),
    placeOf,
  };
}

function integer(
  { low, high, start = Math.ceil(low / 2 + high / 2) }: Extract<Parameter, { kind: 'integer' }>,
  margin: number,
): Coding {
  const { stepAt, placeOf, ...coding } = steps(high - low + 1, margin, start - low);
  return {
    ...coding,
    decode: (coordinates) => low + stepAt(coordinates),
    encode: (value) =>
      Number.isSafeInteger(value) && (value as number) >= low && (value as number) <= high
        ? placeOf((value as number) - low)
        : null,
  };
}

function ordinal(
  { choices, start }: Extract<Parameter, { kind: 'ordinal' }>,
  margin: number,
): Coding {
  const begin = start === undefined ? choices.length >> 1 : choices.indexOf(start);
  const { stepAt, placeOf, ...coding } = steps(choices.length, margin, begin);
  return {
    ...coding,
    decode: (coordinates) => choices[stepAt(coordinates)]!,
    encode: (value) => {
      const step = choices.indexOf(value as Choice);
      return step < 0 ? null : placeOf(step);
    },
  };
}

/** A coordinate for each choice: the largest one wins, the first of equal ones. */
function categorical(
  { choices, start }: Extract<Parameter, { kind: 'categorical' }>,
  margin: number,
): Coding {
  const size = choices.length;
  const encode = (value: unknown) => {
    const chosen = choices.indexOf(value as Choice);
    if (chosen < 0) return null;
    // as far from all others as an integer in the middle of its step is from its neighbours
    return Float64Array.from({ length: size }, (_, i) => (i === chosen ? 0.75 : 0.25));
  };
  return {
    size,
    // two coordinates that are at 1 and 0 have to change places
    minimumDeviation: Math.SQRT1_2 / deviationsPassed(margin),
    start: start === undefined ? new Float64Array(size).fill(0.5) : encode(start)!,
    decode: (coordinates) =>
      choices[coordinates.indexOf(coordinates.reduce((a, b) => Math.max(a, b)))]!,
    encode,
  };
}

/**
 * @param margin probability with which a candidate leaves the value that the mean has, at least
 */
export function codingOf(parameter: Parameter, margin: number): Coding {
  switch (parameter.kind) {
    case 'linear':
      return continuous(
        parameter,
        (value) => value,
        (value) => value,
      );
    case 'log':
      return continuous(parameter, Math.log, Math.exp);
    case 'integer':
      return integer(parameter, margin);
    case 'ordinal':
      return ordinal(parameter, margin);
    case 'categorical':
      return categorical(parameter, margin);
  }
}

/** How many coordinates a parameter takes. */
export const sizeOf = (parameter: Parameter) =>
  parameter.kind === 'categorical' ? parameter.choices.length : 1;
