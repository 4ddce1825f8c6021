import { median } from '@namm/statistics';
import type { ChunkNote } from './run-endless.js';

/** What a stretch of the run was like. */
export interface Stretch {
  /** Tokens read at its beginning. */
  readonly from: number;
  /** Tokens read at its end. */
  readonly tokens: number;
  /** Largest. */
  readonly residentMegabytes: number;
  /** Median seconds per chunk. */
  readonly cpu: number;
  readonly wall: number;
  /** Largest position of a next token. */
  readonly nextPosition: number;
}

/** Cuts a run into `count` stretches of about equal length. */
export function stretches(notes: readonly ChunkNote[], count: number): Stretch[] {
  const size = Math.ceil(notes.length / count);
  return Array.from({ length: Math.ceil(notes.length / size) }, (_, i) => {
    const part = notes.slice(i * size, (i + 1) * size);
    return {
      from: notes[i * size - 1]?.tokens ?? 0,
      tokens: part.at(-1)!.tokens,
      residentMegabytes: Math.max(...part.map((note) => note.residentMegabytes)),
      cpu: median(part.map(({ cpu }) => cpu)),
      wall: median(part.map(({ wall }) => wall)),
      nextPosition: Math.max(...part.map(({ nextPosition }) => nextPosition)),
    };
  });
}

/** How a quantity goes over a run. */
export interface Trend {
  /** Change over the run by the least-squares line, as a share of the mean. */
  readonly slope: number;
  /** Largest over smallest, less one. */
  readonly range: number;
}

/** The trend of `values` at `places`. */
export function trend(places: readonly number[], values: readonly number[]): Trend {
  const mean = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
  const [middle, level] = [mean(places), mean(values)];
  const covariance = mean(places.map((place, i) => (place - middle) * (values[i]! - level)));
  const variance = mean(places.map((place) => (place - middle) ** 2));
  const run = Math.max(...places) - Math.min(...places);
  return {
    slope: variance === 0 ? 0 : ((covariance / variance) * run) / level,
    range: Math.max(...values) / Math.min(...values) - 1,
  };
}

/**
 * Trends of memory and of time per chunk, once a number of tokens is read; null when no chunk is left.
 */
export function settledTrends(
  notes: readonly ChunkNote[],
  settle: number,
  clock: 'cpu' | 'wall',
): { readonly memory: Trend; readonly time: Trend } | null {
  const settled = notes.filter(({ tokens }) => tokens > settle);
  if (settled.length === 0) return null;
  const places = settled.map(({ tokens }) => tokens);
  // Medians of stretches, so that one slow chunk is not a trend.
  const parts = stretches(settled, 20);
  return {
    memory: trend(
      places,
      settled.map(({ residentMegabytes }) => residentMegabytes),
    ),
    time: trend(
      parts.map(({ tokens }) => tokens),
      parts.map((part) => part[clock]),
    ),
  };
}

/** Bits per byte of some tokens: in the endless run, and as the model was trained. */
export interface Quality {
  readonly endless: number;
  readonly asTrained: number;
}

/**
 * Bits per byte of the tokens `from … to − 1`, over those that both runs have bits for, which is one
 * stretch of them.
 *
 * @param bytesOf bytes of the text of the tokens `from … to − 1`
 */
export function bitsPerByte(
  endless: Float64Array,
  asTrained: Float64Array,
  bytesOf: (from: number, to: number) => number,
  from: number,
  to: number,
): Quality {
  const isKnown = (token: number) => !Number.isNaN(endless[token]! + asTrained[token]!);
  let [first, end] = [from, to];
  while (first < end && !isKnown(first)) first++;
  while (end > first && !isKnown(end - 1)) end--;
  const bytes = bytesOf(first, end);
  const sum = (bits: Float64Array) => bits.subarray(first, end).reduce((a, b) => a + b, 0);
  return { endless: sum(endless) / bytes, asTrained: sum(asTrained) / bytes };
}
