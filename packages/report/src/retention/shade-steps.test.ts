import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeSteps, shadeOf, shadeSteps } from './shade-steps.js';

it.each([
  [1, [1], ['held']],
  [2, [1, 2], ['1', 'all 2']],
  [6, [1, 2, 3, 6], ['1', '2', '3–5', 'all 6']],
  [8, [1, 2, 4, 8], ['1', '2–3', '4–7', 'all 8']],
  [240, [1, 15, 30, 60, 120, 240], ['1–14', '15–29', '30–59', '60–119', '120–239', 'all 240']],
])('shades the counts of up to %d holders in steps', (whole, steps, texts) => {
  expect(shadeSteps(whole)).toEqual(steps);
  expect(describeSteps(steps)).toEqual(texts);
});

it('is darker the more hold a token, and clearly apart from none for a single one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4096 }), (whole) => {
      const steps = shadeSteps(whole);
      const shades = Array.from({ length: whole + 1 }, (_, count) => shadeOf(count, steps));
      expect(shades[0]).toBe(0);
      expect(shades[1]).toBeGreaterThanOrEqual(2);
      expect(shades[whole]).toBe(10);
      expect(shades).toEqual(shades.toSorted((a, b) => a - b));
      if (whole > 1) expect(shades[whole - 1]).toBeLessThan(10);
    }),
  );
});
