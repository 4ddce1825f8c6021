import fc from 'fast-check';
import { expect, it } from 'vitest';
import { thinPoints } from './thin-points.js';

const value = fc.oneof(
  { weight: 9, arbitrary: fc.double({ min: -10, max: 10, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity) },
);

/** Lowest and highest finite value of each pixel column, and whether it has a gap. */
function columns(x: readonly number[], values: readonly number[], which: readonly number[]) {
  const found = new Map<number, { low: number; high: number; hasGap: boolean }>();
  for (const i of which) {
    const place = Math.floor(x[i]!);
    const column = found.get(place) ?? { low: Infinity, high: -Infinity, hasGap: false };
    if (Number.isFinite(values[i])) {
      column.low = Math.min(column.low, values[i]!);
      column.high = Math.max(column.high, values[i]!);
    } else column.hasGap = true;
    found.set(place, column);
  }
  return found;
}

it('keeps the extremes and the gaps of every pixel column', () => {
  const points = fc.array(fc.tuple(fc.double({ min: 0, max: 20, noNaN: true }), value, value), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(points, (list) => {
      const x = list.map(([at]) => at).sort((a, b) => a - b);
      const y = list.map(([, first]) => first);
      const upper = list.map(([, , second]) => second);
      const drawn = thinPoints({ name: '', x, y, lower: y, upper }, 20, (at) => at);
      const all = [...x.keys()];
      expect(drawn).toEqual([...new Set(drawn)].sort((a, b) => a - b));
      expect(columns(x, y, drawn)).toEqual(columns(x, y, all));
      expect(columns(x, upper, drawn)).toEqual(columns(x, upper, all));
      expect(drawn.length).toBeLessThanOrEqual(Math.max(40, 11 * 21));
    }),
  );
});
