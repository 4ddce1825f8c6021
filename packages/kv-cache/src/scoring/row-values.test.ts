import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RowValues } from './row-values.js';

const width = 2;

function rowsOf(values: RowValues<Float64Array>): number[][] {
  return Array.from({ length: values.length }, (_, row) => [
    ...values.rows.subarray(row * width, (row + 1) * width),
  ]);
}

it('is one array for all forks until one of them changes', () => {
  const origin = new RowValues(Float64Array, width);
  origin.extend(8);
  const forks = [origin.fork(), origin.fork()];
  const bytes = () => [origin, ...forks].map((values) => values.bytes);
  expect(bytes()).toEqual([128, 128, 128].map((all) => all / 3));
  forks[0]!.array[3] = 1;
  expect(bytes()).toEqual([64, 128, 64]);
  expect([origin.rows[3], forks[0]!.rows[3], forks[1]!.rows[3]]).toEqual([0, 1, 0]);
  forks[1]!.clear();
  expect(bytes()).toEqual([128, 128, 0]);
});

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
          expect(fast.rows.buffer.byteLength).toBeLessThanOrEqual(
            8 * (2 * fast.length * width + 64),
          );
        } else if (step.kind === 'fork') {
          if (pairs.length < 3) pairs.push({ fast: fast.fork(), slow: [...slow] });
        } else {
          fast.clear();
          pair.slow = [];
        }
        for (const each of pairs) {
          expect(rowsOf(each.fast)).toEqual(each.slow);
          const bytes = each.slow.length * width * 8;
          expect(each.fast.bytes).toBeLessThanOrEqual(bytes);
          expect(each.fast.bytes * pairs.length).toBeGreaterThanOrEqual(bytes - 1e-6);
        }
      }
    }),
  );
});
