import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TopSlots } from './top-slots.js';

/** The obvious twin: sort, highest first, lowest index first among equals. */
function sortedTop(scores: readonly number[], count: number): number[] {
  const order = scores.map((_, slot) => slot).sort((a, b) => scores[b]! - scores[a]! || a - b);
  return order.slice(0, count).sort((a, b) => a - b);
}

// Few different numbers, so that ties are the rule; infinities mark rows that have to stay or go.
const score = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(Infinity, 0, -0),
);

it('finds what sorting finds', () => {
  const top = new TopSlots();
  const cases = fc.tuple(fc.array(score, { maxLength: 60 }), fc.nat(), fc.nat(3));
  fc.assert(
    fc.property(cases, ([scores, wanted, tail]) => {
      const count = wanted % (scores.length + 1);
      const padded = Float64Array.from([...scores, ...new Array<number>(tail).fill(Infinity)]);
      const before = [...padded];
      const slots = top.select(padded, scores.length, count, tail);
      const expected = sortedTop(scores, count);
      for (let i = 0; i < tail; i++) expected.push(scores.length + i);
      expect([...slots]).toEqual(expected);
      expect([...padded]).toEqual(before);
    }),
    { numRuns: 500 },
  );
});

it('needs no more than linear time for scores that are sorted or all the same', () => {
  const top = new TopSlots();
  const length = 200_000; // a quadratic selection would take minutes
  for (const value of [(i: number) => i, (i: number) => -i, () => 1]) {
    const scores = Float64Array.from({ length }, (_, i) => value(i));
    expect(top.select(scores, length, length >> 1).length).toBe(length >> 1);
  }
});
