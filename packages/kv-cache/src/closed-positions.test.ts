import fc from 'fast-check';
import { expect, it } from 'vitest';
import { closedPositions } from './closed-positions.js';
import type { CacheView } from './contracts/eviction-policy.js';

/** A view of layers of one head each: its window, and the positions that it holds. */
function viewOf(nextPosition: number, layers: readonly [window: number | null, held: number[]][]) {
  const shape = {
    model: 'toy',
    layers: layers.map(([window]) => ({ queryHeads: 1, keyValueHeads: 1, headSize: 2, window })),
  };
  const positions = (layer: number) => Int32Array.from(layers[layer]![1]);
  return { nextPosition, shape, positions } as unknown as CacheView;
}

/** Where each position of a sequence goes, and the next token. */
function closedMap(view: CacheView): number[] {
  const { next, of } = closedPositions(view, 'sequence');
  const { nextPosition } = view;
  return [...of(Int32Array.from({ length: nextPosition }, (_, position) => position)), next];
}

it('closes the gaps that no layer holds', () => {
  const view = viewOf(6, [
    [null, [0, 4]],
    [null, [2, 4]],
  ]);
  expect(closedMap(view)).toEqual([0, 1, 1, 2, 2, 3, 3]);
});

it('changes no distance within the largest window, whichever layer has it', () => {
  const held: [number | null, number[]][] = [
    [6, [9]],
    [null, [0, 9]],
    [2, [9]],
  ];
  const expected = [0, 1, 1, 1, 1, 2, 3, 4, 5, 6, 7];
  expect(closedMap(viewOf(10, held))).toEqual(expected);
  expect(closedMap(viewOf(10, held.toReversed()))).toEqual(expected);
});

it('does not count what is outside of its window', () => {
  expect(closedMap(viewOf(6, [[2, [0, 3, 5]]]))).toEqual([0, 0, 0, 0, 0, 1, 2]);
});

it('closes the gaps of each head where heads hold different tokens, the nearest distances first', () => {
  const view = viewOf(10, [
    [null, [0, 1, 7, 8]],
    [null, [2, 3, 4, 6, 9]],
  ]);
  expect(closedPositions(view, 'sequence').next).toBe(9); // no head holds 5 alone
  const { next, of } = closedPositions(view, 'head');
  expect(next).toBe(5); // as many as the fuller head holds
  expect([...of(view.positions(0, 0))]).toEqual([0, 1, 2, 3]);
  expect([...of(view.positions(1, 0))]).toEqual([0, 1, 2, 3, 4]);
});

it('keeps windows, order and what distances it can in each head', () => {
  const row = fc.record({
    window: fc.option(fc.integer({ min: 1, max: 9 }), { nil: null }),
    held: fc.uniqueArray(fc.nat(29), { minLength: 1 }),
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), (rows) => {
      const nextPosition = 30;
      const isVisible = (window: number | null) => (position: number) =>
        window === null || nextPosition - position < window;
      const heads = rows.map(({ window, held }): [number | null, number[]] => [
        window,
        held.sort((a, b) => a - b).filter(isVisible(window)),
      ]);
      const view = viewOf(nextPosition, heads);
      const largest = Math.max(0, ...rows.map(({ window }) => window ?? 0));
      const { next, of } = closedPositions(view, 'head');
      const most = Math.max(
        ...heads.map(([, held]) => held.filter((p) => nextPosition - p > largest).length),
      );
      expect(next).toBe(Math.min(nextPosition, most + largest));
      expect(next).toBeLessThanOrEqual(closedPositions(view, 'sequence').next);
      for (const [, held] of heads) {
        const moved = of(Int32Array.from(held));
        for (const [i, position] of moved.entries()) {
          const distance = nextPosition - held[i]!;
          expect(position).toBeGreaterThan(moved[i - 1] ?? -1);
          expect(next - position).toBeGreaterThan(0);
          expect(next - position).toBeLessThanOrEqual(distance);
          // As far back as all rows before it have room, nothing changes.
          if (distance <= largest || next - distance >= i) expect(next - position).toBe(distance);
        }
      }
    }),
  );
});
