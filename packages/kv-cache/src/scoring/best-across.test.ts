import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestAcross } from './best-across.js';

describe('bestAcross', () => {
  it('keeps what sorting all rows of all heads would keep', () => {
    const head = fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 8 });
    const layers = fc.array(fc.array(head, { minLength: 1, maxLength: 3 }), { maxLength: 4 });
    fc.assert(
      fc.property(layers, fc.nat(60), (scores, count) => {
        const arrays = scores.map((heads) => heads.map((own) => Float32Array.from(own)));
        const kept = bestAcross(arrays, count);
        const all = scores.flatMap((heads, layer) =>
          heads.flatMap((own, h) => own.map((score, slot) => ({ layer, h, slot, score }))),
        );
        const best = all.toSorted((a, b) => b.score - a.score).slice(0, count); // stable
        const wanted = scores.map((heads, layer) =>
          heads.map((_, h) =>
            best
              .filter((row) => row.layer === layer && row.h === h)
              .map(({ slot }) => slot)
              .sort((a, b) => a - b),
          ),
        );
        expect(kept.map((heads) => heads.map((slots) => [...slots]))).toEqual(wanted);
      }),
    );
  });

  it('keeps rows that are raised to infinity', () => {
    const scores = [[Float32Array.of(0, 9, Infinity)], [Float32Array.of(8, 7)]];
    expect(
      bestAcross(scores, 2)
        .flat()
        .map((slots) => [...slots]),
    ).toEqual([[1, 2], []]);
  });
});
