import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RowValues } from './row-values.js';

const width = 2;

function rowsOf(values: RowValues<Float64Array>): number[][] {
  return Array.from({ length: values.length }, (_, row) => [
    ...values.array.subarray(row * width, (row + 1) * width),
  ]);
}

it('does what an array of rows does, and so do its forks', () => {
  const operation = fc.oneof(
    fc.record({ kind: fc.constant('extend' as const), count: fc.integer({ min: 1, max: 100 }) }),
    fc.record({
      kind: fc.constant('retain' as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    fc.record({ kind: fc.constantFrom('fork' as const, 'clear' as const) }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(2), operation), { maxLength: 30 }), (steps) => {
      let next = 1;
      const pairs = [{ fast: new RowValues(Float64Array, width), slow: [] as number[][] }];
      for (const [which, step] of steps) {
        const pair = pairs[which % pairs.length]!;
        const { fast, slow } = pair;
        if (step.kind === 'extend') {
          const known = slow.length;
          fast.extend(known + step.count);
          for (let row = known; row < known + step.count; row++) slow.push([0, 0]);
          expect(rowsOf(fast)).toEqual(slow); // new rows are zero
          for (let row = known; row < known + step.count; row++) {
            slow[row] = [next, -next];
            fast.array.set(slow[row]!, row * width);
            next++;
          }
        } else if (step.kind === 'retain') {
          const slots = [...slow.keys()].filter((slot) => (slot * 0.618) % 1 < step.share);
          fast.retain(Uint32Array.from([...slots, slow.length + 5])); // one row was never added
          pair.slow = slots.map((slot) => slow[slot]!);
          expect(fast.array.length).toBeLessThanOrEqual(2 * fast.length * width + 64);
        } else if (step.kind === 'fork') {
          if (pairs.length < 3) pairs.push({ fast: fast.fork(), slow: [...slow] });
        } else {
          fast.clear();
          pair.slow = [];
        }
        for (const each of pairs) {
          expect(rowsOf(each.fast)).toEqual(each.slow);
          expect(each.fast.bytes).toBe(each.slow.length * width * 8);
        }
      }
    }),
  );
});
