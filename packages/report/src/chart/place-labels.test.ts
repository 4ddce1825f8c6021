import fc from 'fast-check';
import { expect, it } from 'vitest';
import { placeLabels } from './place-labels.js';

const plan = { left: 50, right: 450, top: 10, bottom: 310 };
const points = fc.array(
  fc.record({
    x: fc.integer({ min: 50, max: 450 }),
    y: fc.integer({ min: 10, max: 310 }),
    text: fc.constantFrom('', 'h2o', 'sink-recent', 'l2-highest'),
  }),
  { maxLength: 40 },
);

it('keeps labels inside the chart, off all points and off each other', () => {
  fc.assert(
    fc.property(points, (all) => {
      const boxes = placeLabels(all, plan).flatMap((label, i) => {
        if (all[i]!.text === '') expect(label).toBeNull();
        if (label === null) return [];
        const { left, middle, width } = label;
        return [{ left, right: left + width, top: middle - 7, bottom: middle + 7 }];
      });
      for (const [i, box] of boxes.entries()) {
        expect(box.left).toBeGreaterThanOrEqual(plan.left);
        expect(box.right).toBeLessThanOrEqual(plan.right);
        expect(box.top).toBeGreaterThanOrEqual(plan.top);
        expect(box.bottom).toBeLessThanOrEqual(plan.bottom);
        const covers = (x: number, y: number) =>
          x > box.left && x < box.right && y > box.top && y < box.bottom;
        expect(all.some(({ x, y }) => covers(x, y))).toBe(false);
        for (const other of boxes.slice(i + 1)) {
          const across = Math.min(box.right, other.right) - Math.max(box.left, other.left);
          const down = Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top);
          expect(Math.min(across, down)).toBeLessThanOrEqual(0);
        }
      }
    }),
  );
});

it('puts a lone label right beside its point, and finds each of a cluster a place', () => {
  const lone = { x: 100, y: 100, text: 'full' };
  expect(placeLabels([lone], plan)).toEqual([{ left: 109, middle: 100, width: 28, leads: false }]);
  const cluster = Array.from({ length: 8 }, (_, i) => ({ ...lone, y: 100 + i }));
  const placed = placeLabels(cluster, plan);
  expect(placed).not.toContain(null);
  expect(placed.filter((label) => label!.leads)).not.toEqual([]);
});
