import type { Grammar, GrammarSpace } from './grammar.js';

/** Code points, both ends included; ascending, and none overlap. */
export type Ranges = readonly (readonly [from: number, to: number])[];

/** All that text can hold: no halves of surrogate pairs. */
export const anyPoint: Ranges = [
  [0, 0xd7ff],
  [0xe000, 0x10ffff],
];

/** Sorted, and those that touch joined. */
export function union(ranges: Ranges): Ranges {
  const joined: [number, number][] = [];
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

/** All others. */
export function complement(ranges: Ranges): Ranges {
  const others: [number, number][] = [];
  let next = 0;
  for (const [from, to] of union(ranges)) {
    if (from > next) others.push([next, from - 1]);
    next = to + 1;
  }
  if (next <= 0x10ffff) others.push([next, 0x10ffff]);
  return others;
}

const shortEscapes: ReadonlyMap<number, string> = new Map([
  ...([
    [0x22, '\\"'],
    [0x5c, '\\\\'],
    [8, '\\b'],
    [9, '\\t'],
    [10, '\\n'],
  ] as const),
  ...([
    [12, '\\f'],
    [13, '\\r'],
  ] as const),
]);

/** One character out of ranges, as it stands within a JSON string: escaped where it has to be, and only there. */
export function characterOf(space: GrammarSpace, ranges: Ranges): Grammar {
  const options: Grammar[] = [];
  for (const [from, to] of union(ranges)) {
    for (let point = from; point <= Math.min(to, 0x5c); point++) {
      if (point >= 0x20 && point !== 0x22 && point !== 0x5c) continue;
      const hex = point.toString(16).padStart(4, '0');
      options.push(space.text(shortEscapes.get(point) ?? `\\u${hex}`));
    }
    for (const [low, high] of rawParts) {
      const [first, last] = [Math.max(from, low), Math.min(to, high)];
      if (first <= last) options.push(inUtf8(space, first, last));
    }
  }
  return space.either(options);
}

/** What stands for itself, in parts of as many bytes. */
const rawParts: Ranges = [
  [0x20, 0x21],
  [0x23, 0x5b],
  [0x5d, 0x7f],
  [0x80, 0x7ff],
  [0x800, 0xd7ff],
  [0xe000, 0xffff],
  [0x10000, 0x10ffff],
];

/** Code points of as many bytes each. */
function inUtf8(space: GrammarSpace, from: number, to: number): Grammar {
  const bytes = (point: number) => [...new TextEncoder().encode(String.fromCodePoint(point))];
  return between(space, bytes(from), bytes(to));
}

/** Byte strings of one length from one to another, where all that follow a first byte run from 80 to bf. */
function between(space: GrammarSpace, from: readonly number[], to: readonly number[]): Grammar {
  const [first = 0, ...low] = from;
  const [last = 0, ...high] = to;
  if (low.length === 0) return space.bytes([first, last]);
  const lowest = low.map(() => 0x80);
  const highest = low.map(() => 0xbf);
  const part = (start: number, end: number, a: readonly number[], b: readonly number[]) =>
    start > end ? space.never : space.sequence([space.bytes([start, end]), between(space, a, b)]);
  if (first === last) return part(first, first, low, high);
  const isLow = low.every((byte) => byte === 0x80);
  const isHigh = high.every((byte) => byte === 0xbf);
  return space.either([
    isLow ? space.never : part(first, first, low, highest),
    part(isLow ? first : first + 1, isHigh ? last : last - 1, lowest, highest),
    isHigh ? space.never : part(last, last, lowest, high),
  ]);
}
