import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selectSlots } from './select-slots.js';

interface Case {
  readonly scores: readonly (readonly number[])[];
  readonly mask: readonly number[];
  readonly keep_exact: readonly (readonly number[])[];
  readonly keep_layer_max: readonly (readonly number[])[];
}

const cases: Case[] = JSON.parse(
  readFileSync(new URL('./__fixtures__/selections.json', import.meta.url), 'utf8'),
);
const free = { tail: 1, slots: Number.POSITIVE_INFINITY };
const listed = (kept: readonly Uint32Array[]) => kept.map((slots) => [...slots]);
const scores = fc.integer({ min: 1, max: 12 }).chain((length) =>
  fc.array(
    fc
      .array(fc.integer({ min: -3, max: 3 }), { minLength: length, maxLength: length })
      .map((values) => Float64Array.from(values)),
    { minLength: 1, maxLength: 4 },
  ),
);

describe('selectSlots', () => {
  it.each(cases.map((entry, i) => [i, entry] as const))(
    'decides case %i as the reference does',
    (_, { scores, mask, ...expected }) => {
      // Padding is not cached here: its slots are left out, and the others keep their numbers.
      const slots = mask.flatMap((real, slot) => (real ? [slot] : []));
      const own = scores.map((row) => Float64Array.from(slots, (slot) => row[slot]!));
      const named = (kept: readonly Uint32Array[]) =>
        kept.map((numbers) => Array.from(numbers, (i) => slots[i]));
      expect(named(selectSlots(own, 'exact', free))).toEqual(expected.keep_exact);
      expect(named(selectSlots(own, 'reference', free))).toEqual(expected.keep_layer_max);
    },
  );

  it('keeps under reference at least what exact keeps', () => {
    fc.assert(
      fc.property(scores, (layer) => {
        const exact = listed(selectSlots(layer, 'exact', free));
        const reference = listed(selectSlots(layer, 'reference', free));
        for (const [head, slots] of exact.entries()) {
          expect(reference[head]).toEqual(expect.arrayContaining(slots));
        }
        const most = Math.max(...exact.map(({ length }) => length));
        expect(reference.every(({ length }) => length === most)).toBe(true);
      }),
    );
  });

  it('keeps the newest, the protected and no more than the limit', () => {
    fc.assert(
      fc.property(
        scores,
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 14 }),
        fc.constantFrom('exact' as const, 'reference' as const),
        (layer, tail, slots, semantics) => {
          const kept = selectSlots(layer, semantics, { tail, slots });
          for (const [head, own] of kept.entries()) {
            const { length } = layer[head]!;
            expect(own.length).toBeLessThanOrEqual(slots);
            expect([...own]).toEqual([...own].sort((a, b) => a - b));
            const newest = Array.from(
              { length: Math.min(tail, slots, length) },
              (_, i) => length - 1 - i,
            );
            expect([...own]).toEqual(expect.arrayContaining(newest));
            // Whatever goes is scored no higher than what stays.
            const evicted = [...layer[head]!.keys()].filter((slot) => !own.includes(slot));
            const competing = [...own].filter((slot) => slot < length - tail);
            for (const gone of evicted) {
              for (const stays of competing) {
                expect(layer[head]![gone]!).toBeLessThanOrEqual(layer[head]![stays]!);
              }
            }
          }
        },
      ),
    );
  });
});
